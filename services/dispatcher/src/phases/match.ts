import type { Claim } from '@switchyard/core'
import { claimForHost, listHosts } from '@switchyard/store'
import type { Host } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

const HOSTS_PER_READ = 500

export type StartRun = (host: Host, claim: Claim) => void

/**
 * Phase 1: claims fitting tasks for every host with room, the freest host first, and hands each claim over at once.
 * Returns how many. Hosts that cool down are known to the claim itself, which asks the database's clock.
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
  for (const host of await hostsWithRoom(pool)) {
    const claims = await claimForHost(pool, {
      hostId: host.id,
      dispatcherId,
      startSeconds: policy.startSeconds,
      now: clock.sqlNow(),
    })
    for (const claim of claims) startRun(host, claim)
    claimed += claims.length
  }
  return claimed
}

async function hostsWithRoom(pool: DispatcherContext['pool']): Promise<Host[]> {
  const hosts: Host[] = []
  for (let afterId: string | null = null; ;) {
    const page: Host[] = await listHosts(pool, afterId, HOSTS_PER_READ)
    hosts.push(...page)
    afterId = page.at(-1)?.id ?? null
    if (page.length < HOSTS_PER_READ) break
  }
  return hosts
    .filter((host) => !host.paused && freeShare(host) > 0)
    .sort((left, right) => freeShare(right) - freeShare(left))
}

function freeShare(host: Host): number {
  return (host.maxConcurrent - host.held) / host.maxConcurrent
}
