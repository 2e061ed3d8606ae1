import type { Host, JumpHost } from '@switchyard/store'
import type { SshTarget } from './ssh/index.ts'

/** Of a host, what it takes to dial it, through its jump hosts. */
export function targetOf(host: Host): SshTarget {
  const jumps = host.jumpHosts.toReversed()
  const proxyJump = jumps.reduce<SshTarget | null>((beyond, jump) => hop(jump, beyond), null)
  return hop(host, proxyJump)
}

function hop(host: JumpHost, proxyJump: SshTarget | null): SshTarget {
  return {
    id: host.id,
    address: host.address,
    port: host.port,
    user: host.user,
    privateKeyPath: host.privateKeyPath,
    privateKeyPassphraseVariable: host.privateKeyPassphraseVariable,
    passwordVariable: host.passwordVariable,
    hostKeySha256: host.hostKeySha256,
    proxyJump,
  }
}
