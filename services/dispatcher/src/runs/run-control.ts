/** Why a run is stopped from our side. */
export type StopCause =
  /** A coordinator or the forge asked for it. */
  | 'cancel_requested'
  /** The lease was taken back: somebody else decides about the task now. */
  | 'lease_lost'
  /** The lease could not be renewed in time: whoever sees it expire may decide about the task. */
  | 'lease_expired'
  | 'dispatcher_stopped'

/** The one way to stop a run from our side; the first cause stays. */
export class RunControl {
  readonly #controller = new AbortController()
  #cause: StopCause | null = null

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  cause(): StopCause | null {
    return this.#cause
  }

  stop(cause: StopCause): void {
    if (this.#cause !== null) return
    this.#cause = cause
    this.#controller.abort()
  }
}
