import { settleFailure, settleRelease } from '@switchyard/core'
import type { SettledTask, Settlement, TaskError } from '@switchyard/core'
import type { RunResult } from '../ssh/index.ts'
import type { StopCause } from './run-control.ts'

/** What is to become of a task after its run. */
export type RunAction =
  | { readonly kind: 'complete'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'fail'; readonly error: TaskError; readonly retryable: boolean }
  | { readonly kind: 'release'; readonly reason: string }
  /** The command may be alive still: the task never goes back to the queue by itself. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** Somebody else decides about the task. */
  | { readonly kind: 'let_go' }

export interface RunFacts {
  readonly hostId: string
  readonly workdir: string | null
  readonly program: string
  readonly timeoutSeconds: number
  /** The last lines of the output. */
  readonly summary: string
  /** Whether the command was allowed to start; until then provably nothing has run. */
  readonly started: boolean
  /** Why we stopped it; null when we did not. */
  readonly stopCause: StopCause | null
}

export const DISPATCHER_STOPPED = 'the dispatcher was stopped'
export const START_DEADLINE_PASSED = 'it was not started before the start deadline'

/** Decides what a run's ending means for its task. */
export function actionFor(result: RunResult, facts: RunFacts): RunAction {
  if (facts.stopCause === 'lease_lost') return { kind: 'let_go' }
  const { hostId, summary } = facts
  switch (result.kind) {
    case 'exited':
      if (result.code === 0) return { kind: 'complete', result: { summary, exit_code: 0 } }
      return fail(
        'exit_code',
        withLastLine(`The command exited with code ${result.code} on host ${hostId}.`, facts),
      )
    case 'killed':
      return fail(
        'killed_by_signal',
        withLastLine(`The command was killed by ${result.signal} on host ${hostId}.`, facts),
      )
    case 'timed_out':
      return fail(
        'timed_out',
        withLastLine(
          `The command was stopped on host ${hostId} after ${facts.timeoutSeconds} s, its time limit.`,
          facts,
        ),
      )
    case 'cancelled':
      return actionForStop(facts)
    case 'kill_unverified':
      return unknown(
        facts,
        `The command had to be stopped (${result.cause}), but whether it has ended is unknown: ${result.message}`,
      )
    case 'connection_lost':
      return unknown(facts, `What became of the command is unknown: ${result.message}`)
    case 'workdir_missing':
      return failForGood(
        'workdir_missing',
        `The directory ${JSON.stringify(facts.workdir ?? '')} cannot be entered on host ${hostId}: ${result.message}. Correct the host's workdir, then rerun the task.`,
      )
    case 'command_not_found':
      return failForGood(
        'command_not_found',
        `${JSON.stringify(facts.program)} cannot be run on host ${hostId}: ${result.message}. Correct the host's command, then rerun the task.`,
      )
    case 'not_started':
      return { kind: 'release', reason: `host ${hostId} did not start the command: ${result.message}` }
  }
}

function actionForStop({ stopCause, hostId, started }: RunFacts): RunAction {
  switch (stopCause) {
    case 'cancel_requested':
      // Settled under the lock, where the request is seen: it ends as cancelled.
      return failForGood('cancelled', `It was stopped on host ${hostId} because somebody asked for it.`)
    case 'lease_expired':
      if (!started) return { kind: 'release', reason: `${START_DEADLINE_PASSED} on host ${hostId}` }
      return fail(
        'lease_expired',
        `The database could not be reached to renew the lease, so the command was stopped on host ${hostId}.`,
      )
    case 'lease_lost':
      return { kind: 'let_go' }
    case 'dispatcher_stopped':
      return { kind: 'release', reason: DISPATCHER_STOPPED }
    case null:
      return { kind: 'release', reason: 'the dispatcher could not note that it began' }
  }
}

/** The transition for what is true of the task under its lock. Only for actions that are no success. */
export function settlementFor(
  action: Exclude<RunAction, { kind: 'complete' | 'let_go' }>,
  task: SettledTask,
  maxDeliveries: number,
  random: number,
): Settlement {
  switch (action.kind) {
    case 'fail':
      return settleFailure(task, action, random)
    case 'release':
      return settleRelease(task, action.reason, maxDeliveries)
    case 'unknown':
      // Cancelled as it was asked for, but with the truth about what may still be running.
      if (task.cancelRequestedAt !== null) {
        return { event: 'confirm_cancel', reason: `${task.cancelReason ?? 'cancelled'}. ${action.message}` }
      }
      return { event: 'fail', error: { code: 'outcome_unknown', message: action.message } }
  }
}

function fail(code: string, message: string): RunAction {
  return { kind: 'fail', error: { code, message }, retryable: true }
}

function failForGood(code: string, message: string): RunAction {
  return { kind: 'fail', error: { code, message }, retryable: false }
}

function unknown({ hostId }: RunFacts, message: string): RunAction {
  return {
    kind: 'unknown',
    message: `${message} (host ${hostId}). Look at the host before you rerun the task.`,
  }
}

function withLastLine(message: string, { summary }: RunFacts): string {
  const lastLine = summary.split('\n').at(-1) ?? ''
  return lastLine === '' ? message : `${message} Its last line: ${lastLine.slice(0, 300)}`
}
