import { makeDue } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { moveInBatches } from './batches.ts'

/** Lets scheduled tasks whose time has come into the queue. Returns how many. */
export async function makeTasksDue({
  pool,
  clock,
  dispatcherId,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'dispatcherId' | 'events'>): Promise<number> {
  const count = await moveInBatches((limit) =>
    makeDue(pool, { limit, actor: dispatcherId, now: clock.sqlNow() }),
  )
  if (count > 0) events.swept('scheduled tasks became due', count)
  return count
}
