import type { Claim } from '@switchyard/core'
import { claimForHosts, findHosts } from '@switchyard/store'
import type { Host } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

export type StartRun = (host: Host, claim: Claim) => void

/**
 * Phase 1: claims fitting tasks for the hosts with room, the freest first, and hands each claim over as soon as it is
 * committed. Returns how many. Hosts are read when they got something: of a thousand, few do.
 */
export async function matchTasks(
  {
    pool,
    clock,
    policy,
    dispatcherId,
  }: Pick<DispatcherContext, 'pool' | 'clock' | 'policy' | 'dispatcherId'>,
  startRun: StartRun,
): Promise<number> {
  let claimed = 0
  const { startSeconds } = policy
  await claimForHosts(
    pool,
    { hostIds: null, dispatcherId, startSeconds, now: clock.sqlNow() },
    async (claims) => {
      const ids = [...new Set(claims.map(({ agentId }) => agentId))]
      const hosts = new Map((await findHosts(pool, ids)).map((host) => [host.id, host]))
      for (const claim of claims) {
        const host = hosts.get(claim.agentId)
        // Deleted just now: its task comes back at the start deadline.
        if (host !== undefined) startRun(host, claim)
      }
      claimed += claims.length
    },
  )
  return claimed
}
