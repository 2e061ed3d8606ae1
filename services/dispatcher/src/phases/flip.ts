import { flipUndecided } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { inBatches } from './batches.ts'

// Large enough that a round trip and a commit are nothing beside it, small enough to be over within a tenth of a second.
const BATCH_SIZE = 2_000
const MAX_BATCHES = 50

/** Phase 2: undecided tasks that no host took in time become http_pull. Returns how many. */
export async function flipLateTasks({
  pool,
  clock,
  policy,
  dispatcherId,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'policy' | 'dispatcherId' | 'events'>): Promise<number> {
  const count = await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) =>
    flipUndecided(pool, policy.undecidedTimeoutSeconds, { limit, actor: dispatcherId, now: clock.sqlNow() }),
  )
  if (count > 0) events.flipped(count)
  return count
}
