import { makeDue } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { inBatches } from './batches.ts'

// Large enough that a round trip and a commit are nothing beside it, small enough to be over within a tenth of a second.
const BATCH_SIZE = 2_000
const MAX_BATCHES = 50

/** Lets scheduled tasks whose time has come into the queue. Returns how many. */
export async function makeTasksDue({
  pool,
  clock,
  dispatcherId,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'dispatcherId' | 'events'>): Promise<number> {
  const count = await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) =>
    makeDue(pool, { limit, actor: dispatcherId, now: clock.sqlNow() }),
  )
  if (count > 0) events.swept('scheduled tasks became due', count)
  return count
}
