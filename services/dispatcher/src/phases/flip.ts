import { flipUndecided } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { moveInTwos } from './batches.ts'

/** Phase 2: undecided tasks that no host took in time become http_pull. Returns how many. */
export async function flipLateTasks({
  pool,
  clock,
  policy,
  dispatcherId,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'policy' | 'dispatcherId' | 'events'>): Promise<number> {
  const count = await moveInTwos((limit) =>
    flipUndecided(pool, policy.undecidedTimeoutSeconds, { limit, actor: dispatcherId, now: clock.sqlNow() }),
  )
  if (count > 0) events.flipped(count)
  return count
}
