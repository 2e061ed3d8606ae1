import { systemClock } from '@switchyard/platform'

/** Waits for the promise, or for so many milliseconds, whichever is first; leaves no timer behind. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | 'late'> {
  const over = new AbortController()
  const late = systemClock.sleep(milliseconds, over.signal).then(() => 'late' as const)
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
