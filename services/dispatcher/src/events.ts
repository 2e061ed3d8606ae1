import type { Claim, SettlementEvent } from '@switchyard/core'
import type { Log } from '@switchyard/platform'
import type { DispatcherMetrics } from './dispatcher-metrics.ts'
import type { DialFailure } from './ssh/index.ts'

/** Which run an event is about. */
export interface RunIds {
  readonly taskId: string
  readonly hostId: string
  readonly attempt: number
}

/** One function per thing that happens: the log line and the metric together. */
export type Events = ReturnType<typeof createEvents>

export function createEvents(log: Log, metrics: DispatcherMetrics) {
  return {
    claimed({ task, agentId }: Claim): void {
      const waited = secondsBetween(task.pendingSince, task.claimedAt)
      metrics.claims.inc()
      metrics.claimLatency.observe(waited)
      log.info(
        { taskId: task.id, hostId: agentId, attempt: task.attempt, waitedSeconds: waited },
        'task claimed',
      )
    },
    dialled(run: RunIds): void {
      metrics.dials.inc({ outcome: 'ok' })
      log.debug(run, 'host dialled')
    },
    dialFailed(run: RunIds, failure: DialFailure): void {
      metrics.dials.inc({ outcome: failure.kind })
      log.warn({ ...run, kind: failure.kind, reason: failure.message }, 'host could not be dialled')
    },
    hostCoolingDown(hostId: string, until: Date): void {
      log.warn({ hostId, until }, 'host left alone after a failure')
    },
    runBegan(): void {
      metrics.runsInProgress.inc()
    },
    runStarted(run: RunIds, processGroup: number): void {
      log.info({ ...run, processGroup }, 'run started')
    },
    adopted(run: RunIds, offset: number): void {
      metrics.adoptions.inc()
      log.info({ ...run, offset }, 'orphaned run found and adopted')
    },
    adoptionBroke(taskId: string, error: unknown): void {
      log.error({ taskId, error }, 'looking for an orphaned run broke off; somebody takes it again')
    },
    connectionLost(run: RunIds, reason: string): void {
      metrics.reconnects.inc()
      log.warn({ ...run, reason }, 'the host of a run cannot be reached, trying again')
    },
    runEnded(run: RunIds, outcome: string, seconds: number, details: object): void {
      metrics.runs.inc({ outcome })
      metrics.runSeconds.observe(seconds)
      metrics.runsInProgress.dec()
      log.info({ ...run, outcome, seconds, ...details }, 'run ended')
    },
    runBroke(run: RunIds, error: unknown): void {
      metrics.runs.inc({ outcome: 'internal_error' })
      metrics.runsInProgress.dec()
      log.error({ ...run, error }, 'run broke off; its lease will run out')
    },
    leaseLost(run: RunIds, cause: 'taken_back' | 'not_renewed'): void {
      metrics.leaseLosses.inc({ cause })
      log.warn({ ...run, cause }, 'lease lost')
    },
    renewalFailed(run: RunIds, error: unknown): void {
      metrics.renewalFailures.inc()
      log.warn({ ...run, error }, 'lease could not be renewed, trying again')
    },
    outputLost(run: RunIds, error: unknown): void {
      log.error({ ...run, error }, 'output could not be stored; the rest of it is dropped')
    },
    expired(taskId: string, event: SettlementEvent): void {
      metrics.expiries.inc({ event })
      log.warn({ taskId, event }, 'claim expired')
    },
    flipped(count: number): void {
      metrics.flips.inc(count)
      log.info({ count }, 'undecided tasks became http_pull')
    },
    swept(what: string, count: number): void {
      log.info({ count }, what)
    },
    hostChecked(hostId: string, message: string | null): void {
      log.info({ hostId, ok: message === null, reason: message }, 'host checked')
    },
    hostCheckFailed(hostId: string, error: unknown): void {
      log.error({ hostId, error }, 'host check broke off')
    },
    cycleEnded(seconds: number): void {
      metrics.cycleSeconds.observe(seconds)
      log.debug({ seconds }, 'dispatch cycle ended')
    },
    phaseFailed(phase: string, error: unknown): void {
      metrics.phaseFailures.inc({ phase })
      log.error({ phase, error }, 'phase failed')
    },
    phaseFailedFor(phase: string, ids: object, error: unknown): void {
      metrics.phaseFailures.inc({ phase })
      log.error({ phase, ...ids, error }, 'phase failed for one; the next cycle tries it again')
    },
    databaseAway(error: unknown): void {
      metrics.outages.inc()
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'database away')
    },
    databaseBack(): void {
      log.info('database back')
    },
  }
}

function secondsBetween(from: Date | null, to: Date | null): number {
  return from === null || to === null ? 0 : Math.max(0, (to.getTime() - from.getTime()) / 1000)
}
