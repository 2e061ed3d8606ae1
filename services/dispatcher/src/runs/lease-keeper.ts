import type { Clock } from '@switchyard/platform'
import type { RenewedLease } from '@switchyard/store'
import { unlessAborted } from '../unless-aborted.ts'
import type { RunControl } from './run-control.ts'

const RETRY_MILLISECONDS = 1000

export interface LeaseKeeper {
  /**
   * Moves the claim to running and begins the heartbeat. False when the run may not start: the claim is no longer ours, or
   * somebody asked to end it.
   */
  start(): Promise<boolean>
  /** No more renewals. */
  stop(): void
  /** Aborts with `stop`. */
  readonly stopped: AbortSignal
}

export interface LeaseKeeperOptions {
  readonly clock: Clock
  /** How long the claim is ours before the first renewal, from now. */
  readonly startSeconds: number
  readonly leaseSeconds: number
  readonly control: RunControl
  /** One renewal; null when the lease is no longer ours. */
  readonly renew: () => Promise<Pick<RenewedLease, 'cancelRequested'> | null>
  readonly onError: (error: unknown) => void
}

/**
 * Keeps a lease: renews it three times per its length, passes on a request to cancel, and lets go of the run when the lease is
 * lost. It counts its own time from before each question, so it never believes in a lease that the database has ended.
 */
export function keepLease(options: LeaseKeeperOptions): LeaseKeeper {
  const { clock, leaseSeconds, control } = options
  const stopped = new AbortController()
  const period = (leaseSeconds * 1000) / 3
  // What is no longer ours by our own time is not asked for again: a late answer would keep it from others for a whole lease.
  let isOver = false
  let deadline = expireIn(options.startSeconds)

  function expireIn(seconds: number): AbortController {
    const forget = new AbortController()
    void clock.sleep(seconds * 1000, forget.signal).then(() => {
      if (forget.signal.aborted) return
      isOver = true
      control.letGo('lease_expired')
    })
    return forget
  }

  async function renew(): Promise<'held' | 'lost' | 'unanswered'> {
    const next = expireIn(leaseSeconds)
    const renewed = await options.renew().catch((error: unknown) => {
      options.onError(error)
      return undefined
    })
    if (renewed === undefined || renewed === null || stopped.signal.aborted) next.abort()
    if (renewed === undefined) return 'unanswered'
    if (renewed === null) {
      // After the run has been settled the lease is gone in good order.
      if (!stopped.signal.aborted) control.letGo('lease_lost')
      return 'lost'
    }
    deadline.abort()
    deadline = next
    if (renewed.cancelRequested) control.cancel()
    return 'held'
  }

  async function beat(): Promise<void> {
    for (let pause = period; ;) {
      await clock.sleep(pause, stopped.signal)
      if (stopped.signal.aborted || isOver) return
      const answer = await renew()
      if (answer === 'lost') return
      pause = answer === 'held' ? period : Math.min(period, RETRY_MILLISECONDS)
    }
  }

  async function begin(): Promise<boolean> {
    while (!control.signal.aborted) {
      const answer = await renew()
      if (answer === 'held') void beat()
      if (answer !== 'unanswered') break
      await clock.sleep(RETRY_MILLISECONDS, control.signal)
    }
    return !control.signal.aborted
  }

  return {
    // An answer that never comes must not hold up a run whose deadline has passed.
    start: async () => (await unlessAborted(control.signal, begin())) === true,
    stopped: stopped.signal,
    stop() {
      stopped.abort()
      deadline.abort()
    },
  }
}
