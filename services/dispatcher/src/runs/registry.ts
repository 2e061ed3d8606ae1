import type { Claim } from '@switchyard/core'
import type { Host } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { executeRun, idsOf } from './run.ts'
import { RunControl } from './run-control.ts'

/** The runs of this replica that have not ended. */
export interface RunRegistry {
  start(host: Host, claim: Claim): void
  count(): number
  /** Resolves when no run is left. */
  idle(): Promise<void>
  /** From now on nothing begins: runs that have not started their command go back to the queue, later ones at once. */
  drain(): void
  isDraining(): boolean
  /** Stops the commands that run on their hosts; their tasks go back to the queue. */
  stopAll(): void
  /** Makes an end to waiting for a database that is away. */
  abandon(): void
}

interface ActiveRun {
  readonly control: RunControl
  started: boolean
  ended: Promise<void>
}

/** `onEnded` is called after each run: a slot is free. */
export function createRunRegistry(context: DispatcherContext, onEnded: () => void): RunRegistry {
  const { clock, events, waker } = context
  const active = new Set<ActiveRun>()
  const giveUp = new AbortController()
  let draining = false

  async function follow(host: Host, claim: Claim, run: ActiveRun): Promise<void> {
    const { control } = run
    const ids = idsOf({ host, claim })
    const begin = clock.now().getTime()
    try {
      const outcome = await executeRun(context, {
        host,
        claim,
        control,
        giveUp: giveUp.signal,
        onStarting: () => (run.started = true),
      })
      const cause = control.cause()
      if (outcome === 'lease_lost') events.leaseLost(ids, 'taken_back')
      else if (cause === 'lease_expired') events.leaseLost(ids, 'not_renewed')
      events.runEnded(ids, outcome, (clock.now().getTime() - begin) / 1000, { stopCause: cause })
    } catch (error) {
      events.runBroke(ids, error)
    } finally {
      active.delete(run)
      waker.wake()
      onEnded()
    }
  }

  return {
    start(host, claim) {
      events.claimed(claim)
      const run: ActiveRun = { control: new RunControl(), started: false, ended: Promise.resolve() }
      if (draining) run.control.stop('dispatcher_stopped')
      active.add(run)
      run.ended = follow(host, claim, run)
    },
    count: () => active.size,
    async idle() {
      while (active.size > 0) await Promise.all([...active].map((run) => run.ended))
    },
    drain() {
      draining = true
      for (const run of active) if (!run.started) run.control.stop('dispatcher_stopped')
    },
    isDraining: () => draining,
    stopAll() {
      for (const run of active) run.control.stop('dispatcher_stopped')
    },
    abandon: () => giveUp.abort(),
  }
}
