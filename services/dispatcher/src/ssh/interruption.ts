export type InterruptionCause = 'cancelled' | 'timed_out'

/** The one thing that may end a run from our side; the first cause stays. */
export class Interruption {
  readonly happened: Promise<InterruptionCause>
  #cause: InterruptionCause | null = null
  #settle: (cause: InterruptionCause) => void = () => undefined
  readonly #signal: AbortSignal
  readonly #onAbort = () => this.interrupt('cancelled')

  constructor(signal: AbortSignal) {
    this.happened = new Promise((resolve) => (this.#settle = resolve))
    this.#signal = signal
    if (signal.aborted) this.interrupt('cancelled')
    else signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** What has happened so far. */
  cause(): InterruptionCause | null {
    return this.#cause
  }

  interrupt(cause: InterruptionCause): void {
    if (this.#cause !== null) return
    this.#cause = cause
    this.#settle(cause)
  }

  dispose(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
