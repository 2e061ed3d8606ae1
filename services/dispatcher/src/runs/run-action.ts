import { meaningOfExit, settleAbandon, settleFailure, settleRelease } from '@switchyard/core'
import type { SettledTask, Settlement, TaskError } from '@switchyard/core'
import type { Host, Orphan } from '@switchyard/store'
import type { LetGoCause } from './run-control.ts'
import type { RunEnd } from './run-end.ts'
import { placeOf } from './run-place.ts'

/** What is to become of a task after its run, or after our part in it. */
export type RunAction =
  | { readonly kind: 'complete'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'fail'; readonly error: TaskError; readonly retryable: boolean }
  | { readonly kind: 'release'; readonly reason: string }
  /** The command may be alive still: the task never goes back to the queue by itself. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** Somebody else is to follow the run. */
  | { readonly kind: 'orphan'; readonly reason: string }
  /** An orphan that stays one for now; without a reason the next one may look for it at once. */
  | { readonly kind: 'postpone'; readonly reason: string | null; readonly probes: number }
  /** Somebody else decides about the task. */
  | { readonly kind: 'let_go' }

export interface RunFacts {
  readonly host: Pick<
    Host,
    'id' | 'workdir' | 'command' | 'timeoutSeconds' | 'user' | 'hostKeySha256' | 'env'
  >
  /** The orphan that was looked for; null for a run that we started. */
  readonly orphan: Pick<Orphan, 'logBytes' | 'place' | 'probes'> | null
  /** The last lines of the output. */
  readonly summary: string
  readonly letGoCause: LetGoCause | null
  readonly cancelRequested: boolean
}

export const DISPATCHER_STOPPED = 'the dispatcher was stopped'

/** Decides what the end of our part in a run means for its task. */
export function actionFor(end: RunEnd, facts: RunFacts): RunAction {
  if (facts.letGoCause === 'lease_lost') return { kind: 'let_go' }
  const { id: hostId, workdir, command } = facts.host
  switch (end.kind) {
    case 'exited':
      return actionForExit(end, facts)
    case 'lost':
      return fail(
        'process_vanished',
        `The command is gone from host ${hostId} without an exit code: the host was restarted, or everything was killed.`,
      )
    case 'never_started':
      return actionForAbsence(facts)
    case 'cancelled':
      // Settled under the lock, where the request is seen: it ends as cancelled.
      return failForGood('cancelled', `It was ended on host ${hostId} because somebody asked for it.`)
    case 'kill_unverified':
      return unknown(
        facts,
        `The command had to be ended, but whether it has ended is unknown: ${end.message}`,
      )
    case 'out_of_reach':
      return { kind: 'orphan', reason: `host ${hostId} cannot be reached: ${end.message}` }
    case 'let_go':
      return actionForLetGo(facts)
    case 'not_probed':
      return postpone(facts, `host ${hostId} cannot be asked about it: ${end.message}`)
    case 'workdir_missing':
      return failForGood(
        'workdir_missing',
        `The directory ${JSON.stringify(workdir ?? '')} cannot be entered on host ${hostId}: ${end.message}. Correct the host's workdir, then rerun the task.`,
      )
    case 'command_not_found':
      return failForGood(
        'command_not_found',
        `${JSON.stringify(command[0] ?? '')} cannot be run on host ${hostId}: ${end.message}. Correct the host's command, then rerun the task.`,
      )
    case 'not_started':
      return { kind: 'release', reason: `host ${hostId} did not start the command: ${end.message}` }
    case 'not_dialled':
      return { kind: 'release', reason: `host ${hostId} could not be dialled: ${end.message}` }
    case 'not_begun':
      return actionForNotBegun(facts)
  }
}

function actionForExit(
  { code, timedOut, resultFile }: Extract<RunEnd, { kind: 'exited' }>,
  { host, summary }: RunFacts,
): RunAction {
  const exit = { code, timedOut, resultFile: resultFile?.toString('utf8') ?? null }
  const { id, timeoutSeconds, env } = host
  return meaningOfExit(exit, { where: `on host ${id}`, timeoutSeconds, summary, env })
}

/** The run is not on its host, and was kept from ever starting there. */
function actionForAbsence(facts: RunFacts): RunAction {
  const { host, orphan } = facts
  if (orphan !== null && orphan.place !== null && orphan.place !== placeOf(host)) {
    return postpone(
      facts,
      `host ${host.id} is defined differently from when the run was started, and does not know it`,
    )
  }
  if (orphan !== null && orphan.logBytes > 0) {
    return unknown(facts, 'The run has left output, but its folder is no longer on the host.')
  }
  return { kind: 'release', reason: `it was never started on host ${host.id}` }
}

function actionForLetGo({ letGoCause, orphan }: RunFacts): RunAction {
  if (letGoCause !== 'dispatcher_stopped') return { kind: 'let_go' }
  // An orphan that was adopted meanwhile is running: the settlement sees that under the lock.
  return orphan === null
    ? { kind: 'orphan', reason: DISPATCHER_STOPPED }
    : { kind: 'postpone', reason: null, probes: orphan.probes }
}

function actionForNotBegun({ letGoCause, cancelRequested, host }: RunFacts): RunAction {
  switch (letGoCause) {
    case 'lease_expired':
      return { kind: 'release', reason: `it was not started before the start deadline on host ${host.id}` }
    case 'dispatcher_stopped':
      return { kind: 'release', reason: DISPATCHER_STOPPED }
    case 'lease_lost':
      return { kind: 'let_go' }
    case null:
      return cancelRequested
        ? failForGood('cancelled', `Somebody asked to end it before it was started on host ${host.id}.`)
        : { kind: 'release', reason: 'the dispatcher could not note that it began' }
  }
}

/** The transition for what is true of the task under its lock; null when it stays as it is. */
export function settlementFor(
  action: Exclude<RunAction, { kind: 'complete' | 'let_go' }>,
  task: SettledTask & { readonly orphanedSeconds: number },
  limits: { readonly maxDeliveries: number; readonly orphanTimeoutSeconds: number },
  random: number,
): Settlement | null {
  switch (action.kind) {
    case 'fail':
      return settleFailure(task, action, random)
    case 'release':
      return settleRelease(task, action.reason, limits.maxDeliveries)
    case 'orphan':
      return { event: 'orphan', reason: action.reason }
    case 'postpone': {
      if (task.status === 'running') return { event: 'orphan', reason: action.reason ?? DISPATCHER_STOPPED }
      if (action.reason === null || task.orphanedSeconds < limits.orphanTimeoutSeconds) return null
      const message = `Nobody could find out within ${limits.orphanTimeoutSeconds} s what became of the run: ${action.reason}. ${LOOK_FIRST}`
      return settleAbandon(task, message)
    }
    case 'unknown': {
      const settled = settleAbandon(task, action.message)
      return task.status !== 'orphaned' && settled.event === 'abandon'
        ? { ...settled, event: 'fail' }
        : settled
    }
  }
}

const LOOK_FIRST =
  'The command may have finished, failed, or still be running: look at the host before you rerun the task.'

function postpone({ orphan }: RunFacts, reason: string): RunAction {
  return { kind: 'postpone', reason, probes: (orphan?.probes ?? 0) + 1 }
}

function fail(code: string, message: string): RunAction {
  return { kind: 'fail', error: { code, message }, retryable: true }
}

function failForGood(code: string, message: string): RunAction {
  return { kind: 'fail', error: { code, message }, retryable: false }
}

function unknown({ host }: RunFacts, message: string): RunAction {
  return {
    kind: 'unknown',
    message: `${message} (host ${host.id}). Look at the host before you rerun the task.`,
  }
}
