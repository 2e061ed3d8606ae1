/** Something that is done soon, and once for many calls. */
export interface Debounced {
  call(): void
  /** What was called for and not done yet is not done any more. */
  cancel(): void
}

/**
 * Does `work` at the first call at once, and then at most once in so many milliseconds: calls that come too early are answered by
 * one more, when the time is over. Never while it is under way.
 */
export function atMostEvery(milliseconds: number, work: () => void | Promise<void>): Debounced {
  let state: 'idle' | 'resting' | 'called again' | 'cancelled' = 'idle'
  let timer: NodeJS.Timeout | undefined

  async function begin(): Promise<void> {
    state = 'resting'
    const rested = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds)
      timer.unref()
    })
    await work()
    await rested
    settle(state)
  }

  function settle(reached: typeof state): void {
    if (reached === 'called again') void begin()
    else if (reached === 'resting') state = 'idle'
  }

  return {
    call() {
      if (state === 'idle') void begin()
      else if (state === 'resting') state = 'called again'
    },
    cancel() {
      state = 'cancelled'
      clearTimeout(timer)
    },
  }
}
