import { removeDeadDispatchers, reportDispatcher } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

/** Whoever misses so many cycles is gone; short ones may be held up by a slow database. */
const MISSED_CYCLES = 6
const LEAST_SILENCE_SECONDS = 60

/** Notes that this replica is alive, and forgets those that are gone. */
export async function reportAlive(
  { pool, policy, dispatcherId }: Pick<DispatcherContext, 'pool' | 'policy' | 'dispatcherId'>,
  draining: boolean,
): Promise<void> {
  const silenceSeconds = Math.max(policy.intervalSeconds * MISSED_CYCLES, LEAST_SILENCE_SECONDS)
  await reportDispatcher(pool, { id: dispatcherId, draining, silenceSeconds })
  await removeDeadDispatchers(pool)
}
