import { backoffSeconds, blockingReason, HOST_COOLDOWN } from '@switchyard/core'
import { getHost, recordHostCheck } from '@switchyard/store'
import type { HostCheckStart } from '@switchyard/store'
import type { DispatcherContext } from './context.ts'
import { errorOf, findingsOf } from './host-findings.ts'
import { runsDirectoryOf } from './runs/run-place.ts'
import { targetOf } from './ssh-target.ts'

type CheckContext = Pick<DispatcherContext, 'pool' | 'ssh' | 'events' | 'random'>

export interface HostChecks {
  /** Makes a check that has been taken, beside everything else. */
  start(check: HostCheckStart): void
  /** How many are under way. */
  count(): number
  /** Resolves when no check is under way. */
  settled(): Promise<void>
}

export function createHostChecks(context: CheckContext): HostChecks {
  const underWay = new Set<Promise<void>>()
  return {
    start(taken) {
      const check = checkHost(context, taken)
        .catch((error: unknown) => context.events.hostCheckFailed(taken.hostId, error))
        .finally(() => underWay.delete(check))
      underWay.add(check)
    },
    count: () => underWay.size,
    async settled() {
      await Promise.all(underWay)
    },
  }
}

async function checkHost({ pool, ssh, events, random }: CheckContext, taken: HostCheckStart): Promise<void> {
  const { hostId } = taken
  const host = await getHost(pool, hostId)
  if (host === null) return
  const check = await ssh.check(targetOf(host), {
    root: runsDirectoryOf(host),
    command: host.command,
    workdir: host.workdir,
    environment: host.env,
  })
  // We are stopping: that says nothing about the host, and somebody else will check it.
  if (check.failure?.kind === 'cancelled') return
  const error = errorOf(check)
  const found = findingsOf(host, check)
  const blockedReason = check.examination === null ? undefined : blockingReason(found)
  const recorded = await recordHostCheck(pool, {
    ...taken,
    error,
    shownHostKeySha256: check.shownHostKeySha256,
    cooldownSeconds: backoffSeconds(HOST_COOLDOWN, host.failures + 1, random()),
    found,
    blockedReason,
  })
  if (recorded === null) return
  events.hostChecked(hostId, error ?? blockedReason ?? null)
  if (recorded.coolingDownUntil !== null) events.hostCoolingDown(hostId, recorded.coolingDownUntil)
}
