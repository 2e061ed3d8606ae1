import { removeDeadDispatchers, reportDispatcher } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

const MISSED_CYCLES = 10
const LEAST_SILENT_SECONDS = 60

/** Notes that this replica is alive, and forgets those that have been silent for long. */
export async function reportAlive(
  { pool, policy, dispatcherId }: Pick<DispatcherContext, 'pool' | 'policy' | 'dispatcherId'>,
  draining: boolean,
): Promise<void> {
  await reportDispatcher(pool, dispatcherId, draining)
  await removeDeadDispatchers(pool, Math.max(policy.intervalSeconds * MISSED_CYCLES, LEAST_SILENT_SECONDS))
}
