/** The two things that make the client depend on time and chance, so that tests can stand in for them. */
export interface Timing {
  /** Milliseconds on a clock that is never set. */
  now(): number
  /** Rejects with the signal's reason when that aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** In [0, 1). */
  random(): number
}

/** A longer delay of a timer would be over at once. */
const LONGEST_MILLISECONDS = 2 ** 31 - 1

export const REAL_TIMING: Timing = {
  now: () => performance.now(),
  random: () => Math.random(),
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(reasonOf(signal))
      }
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(Math.max(0, milliseconds), LONGEST_MILLISECONDS),
      )
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}

/** Asked anew each time: the compiler would remember the answer over an await. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Why a signal was aborted, as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new Error(String(reason))
}

/**
 * Gives a task a signal that aborts with each of `signals` and, when `milliseconds` are given, after those. Unlike
 * AbortSignal.any and AbortSignal.timeout it leaves nothing behind on a signal that lives long.
 */
export async function within<T>(
  limits: { readonly signals: readonly (AbortSignal | undefined)[]; readonly milliseconds?: number },
  onTimeout: () => Error,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const signals = limits.signals.filter((signal) => signal !== undefined)
  const listeners = signals.map((signal) => {
    const listener = (): void => over.abort(reasonOf(signal))
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
    return () => signal.removeEventListener('abort', listener)
  })
  const timer =
    limits.milliseconds === undefined
      ? undefined
      : setTimeout(() => over.abort(onTimeout()), Math.min(limits.milliseconds, LONGEST_MILLISECONDS))
  try {
    return await task(over.signal)
  } finally {
    clearTimeout(timer)
    for (const remove of listeners) remove()
  }
}
