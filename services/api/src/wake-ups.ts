/** Requests that wait for news: woken together, each by its own deadline at the latest. */
export interface WakeUps {
  /** Resolves at the next news, after the given time, or when the signal aborts. */
  next(milliseconds: number, signal: AbortSignal): Promise<void>
  /** There is news. */
  ring(): void
}

/** A bell that any number of requests may wait for. */
export function createWakeUps(): WakeUps {
  const waiting = new Set<() => void>()
  return {
    next(milliseconds, signal) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', finish)
          waiting.delete(finish)
          resolve()
        }
        const timer = setTimeout(finish, milliseconds)
        signal.addEventListener('abort', finish, { once: true })
        waiting.add(finish)
      })
    },
    ring() {
      for (const finish of [...waiting]) finish()
    },
  }
}
