/** Where time comes from. Stored time is the database's: `sqlNow()` is null in production, and SQL then uses now(). */
export interface Clock {
  /** The wall clock of this process: for logs and durations, never for what is stored. */
  readonly now: () => Date
  /** The instant to hand to SQL statements, or null for the database's own now(). */
  readonly sqlNow: () => Date | null
  /**
   * Resolves after so many milliseconds, or as soon as the signal aborts; never rejects, leaves no timer behind. The system's
   * clock sleeps for 24.8 days at most.
   */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/** A Node timer with a longer delay would be over at once. */
const LONGEST_SLEEP_MILLISECONDS = 2 ** 31 - 1

export const systemClock: Clock = { now: () => new Date(), sqlNow: () => null, sleep }

/** A clock for tests that stands still until it is told otherwise. */
export interface FixedClock extends Clock {
  /** Moves to an instant and ends the sleeps that are over by then. */
  readonly set: (instant: Date) => void
  /** Moves forward by so many milliseconds and ends the sleeps that are over by then. */
  readonly advance: (milliseconds: number) => void
}

/** A clock that shows `instant` both to the process and to SQL. Its sleeps end when the clock is moved, or on abort. */
export function fixedClock(instant: Date): FixedClock {
  let current = instant.getTime()
  const sleepers = new Set<{ until: number; wake: () => void }>()

  function set(to: Date): void {
    current = to.getTime()
    for (const sleeper of [...sleepers]) if (sleeper.until <= current) sleeper.wake()
  }

  function sleepUntilMoved(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { until: current + milliseconds, wake }
      function wake(): void {
        sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      sleepers.add(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  return {
    now: () => new Date(current),
    sqlNow: () => new Date(current),
    sleep: sleepUntilMoved,
    set,
    advance: (milliseconds) => set(new Date(current + milliseconds)),
  }
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    function wake(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.min(milliseconds, LONGEST_SLEEP_MILLISECONDS))
    signal?.addEventListener('abort', wake, { once: true })
  })
}
