import { admitNext, inTransaction, listAdmissibleKeys } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { forEachAlone } from './for-each-alone.ts'

const KEYS_PER_PASS = 500

/**
 * Lets waiting tasks in whose predecessor has ended: usually whoever ended it does so, unless it died in between. Returns
 * how many.
 */
export async function admitWaitingTasks({
  pool,
  clock,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'events'>): Promise<number> {
  const admitted = await forEachAlone(await listAdmissibleKeys(pool, KEYS_PER_PASS), {
    act: (key) =>
      inTransaction(pool, (connection) => admitNext(connection, key, clock.sqlNow()), { impatient: true }),
    onError: (concurrencyKey, error) => events.phaseFailedFor('admit', { concurrencyKey }, error),
  })
  if (admitted > 0) events.swept('waiting tasks admitted', admitted)
  return admitted
}
