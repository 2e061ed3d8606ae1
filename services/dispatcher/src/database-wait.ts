import { assertSchemaIsKnown } from '@switchyard/store'
import type { DispatcherContext } from './context.ts'

const RETRY_MILLISECONDS = 1000

/**
 * Waits until the database answers, and sees to it that its schema is the one that this code knows. False when the signal
 * aborted first; throws NewerSchemaError or OlderSchemaError.
 */
export async function waitForDatabase(
  { pool, clock, outage }: Pick<DispatcherContext, 'pool' | 'clock' | 'outage'>,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await assertSchemaIsKnown(pool)
      outage.worked()
      return true
    } catch (error) {
      if (!outage.noticed(error)) throw error
    }
    await clock.sleep(RETRY_MILLISECONDS, signal)
  }
  return false
}
