import { isHeldUp } from '@switchyard/store'
import type { Orphan } from '@switchyard/store'
import type { DispatcherContext } from './context.ts'
import { adoptOrphans } from './phases/adopt.ts'
import { admitWaitingTasks } from './phases/admit.ts'
import { passOnCancels } from './phases/cancel.ts'
import { takeChecks } from './phases/check-hosts.ts'
import type { CheckActions } from './phases/check-hosts.ts'
import { makeTasksDue } from './phases/due.ts'
import { expireClaims } from './phases/expire.ts'
import { flipLateTasks } from './phases/flip.ts'
import { matchTasks } from './phases/match.ts'
import type { StartRun } from './phases/match.ts'
import { reportAlive } from './phases/report.ts'
import { applyRetention } from './phases/retention.ts'
import type { RunRegistry } from './runs/registry.ts'

const RETENTION_MILLISECONDS = 3_600_000
/** A pass that moves so many may have stopped at its bound: the smallest one. */
const LEAST_BOUND = 500

/** What one cycle did, and what it could not do. */
export interface CycleReport {
  readonly cancelling: number
  readonly due: number
  readonly expired: number
  readonly adopted: number
  readonly admitted: number
  readonly claimed: number
  readonly flipped: number
  readonly checks: number
  readonly deleted: number
  readonly failedPhases: readonly string[]
}

export interface CycleActions extends CheckActions {
  readonly startRun: StartRun
  readonly adopt: (orphan: Orphan) => void
  /** Lets the next cycle come early. */
  readonly goOn: () => void
  readonly runs: Pick<RunRegistry, 'claims' | 'cancel' | 'isDraining'>
}

/**
 * One dispatch cycle: what may be claimed is brought up to date first, then hosts are served (phase 1), and only what they
 * left becomes http_pull (phase 2). A phase that fails does not stop the others, unless the database is away. Never
 * rejects.
 */
export function createCycle(context: DispatcherContext, actions: CycleActions): () => Promise<CycleReport> {
  const { clock, events, outage, waker } = context
  const { runs } = actions
  let retentionAt = 0

  return async function runCycle() {
    const begin = performance.now()
    const failedPhases: string[] = []
    let databaseIsAway = false

    async function phase(name: string, run: () => Promise<number>): Promise<number> {
      if (databaseIsAway) return 0
      try {
        const count = await run()
        outage.worked()
        return count
      } catch (error) {
        failedPhases.push(name)
        databaseIsAway = outage.noticed(error) && !isHeldUp(error)
        if (!databaseIsAway) events.phaseFailed(name, error)
        return 0
      }
    }

    const due = await phase('due', () => makeTasksDue(context))
    const cancelling = await phase('cancel', () => passOnCancels(context, runs))
    const expired = await phase('expire', () => expireClaims(context))
    const adopted = runs.isDraining() ? 0 : await phase('adopt', () => adoptOrphans(context, actions.adopt))
    const admitted = await phase('admit', () => admitWaitingTasks(context))
    const claimed = runs.isDraining() ? 0 : await phase('match', () => matchTasks(context, actions.startRun))
    const flipped = await phase('flip', () => flipLateTasks(context))
    const moved = due + expired + admitted + flipped
    if (moved > 0) waker.wake()
    if (moved >= LEAST_BOUND) actions.goOn()
    const checks = runs.isDraining() ? 0 : await phase('check', () => takeChecks(context, actions))
    const deleted = await phase('retention', async () => {
      const now = clock.now().getTime()
      if (now < retentionAt) return 0
      const pass = await applyRetention(context)
      // What is left goes in the next cycles: a busy queue ends more tasks in an hour than one pass deletes.
      if (!pass.hasMore) retentionAt = now + RETENTION_MILLISECONDS
      return pass.deleted
    })
    await phase('report', async () => {
      await reportAlive(context, runs.isDraining())
      return 1
    })
    events.cycleEnded((performance.now() - begin) / 1000)
    return { cancelling, due, expired, adopted, admitted, claimed, flipped, checks, deleted, failedPhases }
  }
}
