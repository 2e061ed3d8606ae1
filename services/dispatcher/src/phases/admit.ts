import { admitNext, listAdmissibleKeys } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

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
  let admitted = 0
  for (const key of await listAdmissibleKeys(pool, KEYS_PER_PASS)) {
    if (await admitNext(pool, key, clock.sqlNow())) admitted += 1
  }
  if (admitted > 0) events.swept('waiting tasks admitted', admitted)
  return admitted
}
