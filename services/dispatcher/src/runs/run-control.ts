/** Why a replica stops following a run. What runs on the host goes on; somebody else decides about the task. */
export type LetGoCause =
  /** The lease was taken back. */
  | 'lease_lost'
  /** The lease could not be renewed in time: whoever sees it expire may take it. */
  | 'lease_expired'
  /** The lease is handed over. */
  | 'dispatcher_stopped'

/** What may come between a run and its end: a request to end it, and having to let go of it. The first cause of the latter stays. */
export class RunControl {
  readonly #cancel = new AbortController()
  readonly #letGo = new AbortController()
  #cause: LetGoCause | null = null
  /** Either of the two. */
  readonly signal = AbortSignal.any([this.#cancel.signal, this.#letGo.signal])

  get letGoSignal(): AbortSignal {
    return this.#letGo.signal
  }

  isCancelRequested(): boolean {
    return this.#cancel.signal.aborted
  }

  letGoCause(): LetGoCause | null {
    return this.#cause
  }

  /** Somebody asked for the run to be ended. */
  cancel(): void {
    this.#cancel.abort()
  }

  letGo(cause: LetGoCause): void {
    if (this.#cause !== null) return
    this.#cause = cause
    this.#letGo.abort()
  }
}
