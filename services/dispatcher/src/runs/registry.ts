import type { Claim } from '@switchyard/core'
import { getHost } from '@switchyard/store'
import type { ClaimIdentity, Host, Orphan } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { executeRun } from './run.ts'
import { RunControl } from './run-control.ts'
import { idsOf } from './run-parts.ts'
import { settleRun } from './settle-run.ts'

/** The runs that this replica starts, looks for or follows. */
export interface RunRegistry {
  start(host: Host, claim: Claim): void
  /** Looks for a run that nobody follows, and follows it. */
  adopt(orphan: Orphan): void
  count(): number
  /** Whose they are: one identity per run. */
  claims(): ClaimIdentity[]
  /** Somebody asked to end the run of this lease. */
  cancel(leaseToken: string): void
  /** Resolves when no run is left. */
  idle(): Promise<void>
  /** From now on nothing begins: runs that have not started go back to the queue, those that have go on without us. */
  drain(): void
  isDraining(): boolean
  /** Makes an end to waiting for a database that is away. */
  abandon(): void
}

interface ActiveRun {
  readonly claim: Claim
  readonly control: RunControl
  ended: Promise<void>
}

/** `onEnded` is called after each run: a slot is free. */
export function createRunRegistry(context: DispatcherContext, onEnded: () => void): RunRegistry {
  const { pool, clock, events, waker } = context
  const active = new Set<ActiveRun>()
  const giveUp = new AbortController()
  let draining = false

  async function follow(host: Host, claim: Claim, orphan: Orphan | null, control: RunControl): Promise<void> {
    const ids = idsOf({ host, claim })
    const begin = clock.now().getTime()
    events.runBegan()
    try {
      const outcome = await executeRun(context, { host, claim, orphan, control, giveUp: giveUp.signal })
      const cause = control.letGoCause()
      if (outcome === 'lease_lost' && cause !== 'lease_expired') events.leaseLost(ids, 'taken_back')
      else if (cause === 'lease_expired') events.leaseLost(ids, 'not_renewed')
      events.runEnded(ids, outcome, (clock.now().getTime() - begin) / 1000, {
        letGoCause: cause,
        adopted: orphan !== null,
      })
    } catch (error) {
      events.runBroke(ids, error)
    }
  }

  async function findHost(orphan: Orphan, control: RunControl): Promise<void> {
    const { claim } = orphan
    try {
      const host = await getHost(pool, claim.agentId)
      if (host !== null) {
        await follow(host, claim, orphan, control)
        return
      }
      const reason = `host ${claim.agentId} is no longer configured`
      const probes = orphan.probes + 1
      await settleRun(context, giveUp.signal, claim, { kind: 'postpone', reason, probes })
    } catch (error) {
      events.adoptionBroke(claim.task.id, error)
    }
  }

  function begin(claim: Claim, work: (control: RunControl) => Promise<void>): void {
    const run: ActiveRun = { claim, control: new RunControl(), ended: Promise.resolve() }
    if (draining) run.control.letGo('dispatcher_stopped')
    active.add(run)
    run.ended = work(run.control).finally(() => {
      active.delete(run)
      waker.wake()
      onEnded()
    })
  }

  return {
    start(host, claim) {
      events.claimed(claim)
      begin(claim, (control) => follow(host, claim, null, control))
    },
    adopt: (orphan) => begin(orphan.claim, (control) => findHost(orphan, control)),
    count: () => active.size,
    claims: () => [...active].map(({ claim }) => identityOf(claim)),
    cancel(leaseToken) {
      for (const { claim, control } of active) if (claim.leaseToken === leaseToken) control.cancel()
    },
    async idle() {
      while (active.size > 0) await Promise.all([...active].map((run) => run.ended))
    },
    drain() {
      draining = true
      for (const run of active) run.control.letGo('dispatcher_stopped')
    },
    isDraining: () => draining,
    abandon: () => giveUp.abort(),
  }
}

function identityOf({ task, leaseToken, agentId }: Claim): ClaimIdentity {
  return { taskId: task.id, leaseToken, agentId }
}
