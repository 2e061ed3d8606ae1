import type { Host } from '@switchyard/store'
import type { SshTarget } from './ssh/index.ts'

/** Of a host, what it takes to dial it. */
export function targetOf(host: Host): SshTarget {
  return {
    id: host.id,
    address: host.address,
    port: host.port,
    user: host.user,
    privateKeyPath: host.privateKeyPath,
    hostKeySha256: host.hostKeySha256,
  }
}
