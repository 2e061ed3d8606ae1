import { takeOrphans } from '@switchyard/store'
import type { Orphan } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

const ORPHANS_PER_PASS = 200

/**
 * Takes runs that nobody follows and hands each over at once, to be looked for on its host. Returns how many. Whoever followed
 * one before holds a token that is dead from here on.
 */
export async function adoptOrphans(
  { pool, clock, policy }: Pick<DispatcherContext, 'pool' | 'clock' | 'policy'>,
  adopt: (orphan: Orphan) => void,
): Promise<number> {
  const options = { leaseSeconds: policy.leaseSeconds, limit: ORPHANS_PER_PASS, now: clock.sqlNow() }
  const orphans = await takeOrphans(pool, options)
  for (const orphan of orphans) adopt(orphan)
  return orphans.length
}
