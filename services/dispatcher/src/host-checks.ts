import { getHost, recordHostCheck } from '@switchyard/store'
import type { DispatcherContext } from './context.ts'
import { targetOf } from './ssh-target.ts'

export interface HostChecks {
  /** Checks a host beside everything else. */
  start(hostId: string): void
  /** Resolves when no check is under way. */
  settled(): Promise<void>
}

export function createHostChecks(context: Pick<DispatcherContext, 'pool' | 'ssh' | 'events'>): HostChecks {
  const underWay = new Set<Promise<void>>()
  return {
    start(hostId) {
      const check = checkHost(context, hostId)
        .catch((error: unknown) => context.events.hostCheckFailed(hostId, error))
        .finally(() => underWay.delete(check))
      underWay.add(check)
    },
    async settled() {
      await Promise.all(underWay)
    },
  }
}

async function checkHost(
  { pool, ssh, events }: Pick<DispatcherContext, 'pool' | 'ssh' | 'events'>,
  hostId: string,
): Promise<void> {
  const host = await getHost(pool, hostId)
  if (host === null) return
  const { message, shownHostKeySha256 } = await ssh.check(targetOf(host))
  await recordHostCheck(pool, hostId, { error: message, shownHostKeySha256 })
  events.hostChecked(hostId, message)
}
