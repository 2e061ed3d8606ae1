import { abortWith } from '@switchyard/platform'
import type { Clock } from '@switchyard/platform'

/** Ends a sleep early. A ring while nobody sleeps is remembered: the next sleep ends at once. */
export class Bell {
  #rung = new AbortController()

  ring(): void {
    this.#rung.abort()
  }

  /** Resolves after so many milliseconds, when the bell rings, or when the signal aborts. */
  async sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
    const unfollow = abortWith(this.#rung, signal)
    await clock.sleep(milliseconds, this.#rung.signal)
    unfollow()
    if (this.#rung.signal.aborted) this.#rung = new AbortController()
  }
}
