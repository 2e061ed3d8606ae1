import { SwitchyardProblem } from '../problem.ts'
import { isAborted } from '../timing.ts'
import type { Timing } from '../timing.ts'
import type { HeartbeatAnswer } from '../wire/types.ts'

/** A lease lasts for three heartbeats: that is how the server chooses `heartbeat_seconds`. */
const HEARTBEATS_PER_LEASE = 3
const MOST_SECONDS_PER_TRY = 10
const BETWEEN_PROGRESS_MILLISECONDS = 1000

export interface LeaseKeeperOptions {
  readonly timing: Timing
  readonly heartbeatSeconds: number
  /** Sends one heartbeat. */
  readonly beat: (
    progress: string | undefined,
    limits: { timeoutSeconds: number; retrySeconds: number; signal: AbortSignal },
  ) => Promise<HeartbeatAnswer>
  readonly onCancel: () => void
  /** The task is no longer ours, or nobody can say that it is. */
  readonly onLost: (reason: string) => void
}

/** Keeps one claim alive. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #over = new AbortController()
  #wake = new AbortController()
  #progress: string | undefined
  /** When the last message that extended the lease was sent. */
  #extendedAt: number

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#extendedAt = options.timing.now()
  }

  /** Starts the task with its first heartbeat. Resolves when it may be worked on; false: it may not. */
  async start(): Promise<boolean> {
    if (!(await this.#beat())) return false
    void this.#keep()
    return true
  }

  /** Something else that was sent at this time has extended the lease. */
  extended(sentAt: number): void {
    this.#extendedAt = Math.max(this.#extendedAt, sentAt)
  }

  progress(text: string): void {
    this.#progress = text
    this.#wake.abort()
  }

  stop(): void {
    this.#over.abort()
    this.#wake.abort()
  }

  async #keep(): Promise<void> {
    const { timing, heartbeatSeconds } = this.#options
    for (;;) {
      this.#wake = new AbortController()
      if (isAborted(this.#over.signal)) return
      if (this.#progress === undefined) {
        await timing.sleep(heartbeatSeconds * 1000, this.#wake.signal).catch(() => undefined)
      } else {
        await timing.sleep(BETWEEN_PROGRESS_MILLISECONDS, this.#over.signal).catch(() => undefined)
      }
      if (isAborted(this.#over.signal) || !(await this.#beat())) return
    }
  }

  async #beat(): Promise<boolean> {
    const { timing, heartbeatSeconds, beat, onCancel, onLost } = this.#options
    const progress = this.#progress
    this.#progress = undefined
    const leaseSeconds = heartbeatSeconds * HEARTBEATS_PER_LEASE
    for (;;) {
      const sentAt = timing.now()
      const left = leaseSeconds - (sentAt - this.#extendedAt) / 1000
      if (left <= 0) {
        onLost(`the server could not be reached for ${leaseSeconds} s, as long as the lease lasts`)
        return false
      }
      try {
        const { directive } = await beat(progress, {
          timeoutSeconds: Math.min(left, heartbeatSeconds, MOST_SECONDS_PER_TRY),
          // One try at a time: when it was sent is what counts for the lease.
          retrySeconds: 0,
          signal: this.#over.signal,
        })
        this.extended(sentAt)
        if (directive === 'cancel') onCancel()
        return true
      } catch (error) {
        if (isAborted(this.#over.signal)) return false
        if (error instanceof SwitchyardProblem && error.status < 500 && error.status !== 429) {
          onLost(error.code === 'lease_lost' ? error.happened : error.message)
          return false
        }
        const pause = Math.min(heartbeatSeconds / 4, 2) * (0.5 + timing.random())
        await timing.sleep(pause * 1000, this.#over.signal).catch(() => undefined)
        if (isAborted(this.#over.signal)) return false
      }
    }
  }
}
