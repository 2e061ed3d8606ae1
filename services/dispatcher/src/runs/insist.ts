import type { DispatcherContext } from '../context.ts'

const PAUSE_MILLISECONDS = 1000

/**
 * Makes a call to the database again and again until the database answers, since what it is about must not be lost.
 * Undefined when the signal made an end to it. Errors that say anything but "the database is away" are thrown.
 */
export async function insist<T>(
  { clock, outage }: Pick<DispatcherContext, 'clock' | 'outage'>,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    try {
      const answer = await call()
      outage.worked()
      return answer
    } catch (error) {
      if (!outage.noticed(error)) throw error
    }
    if (signal.aborted) return undefined
    await clock.sleep(PAUSE_MILLISECONDS, signal)
  }
}
