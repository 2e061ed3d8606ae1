import { backoffSeconds, RETRY_BACKOFF } from './backoff.ts'
import type { Task, TaskError } from './task.ts'
import type { TransitionName } from './transitions.ts'

/** Which transition ends a claim. Decided here on data; the store applies it, guarded by the lease token. */
export type Settlement =
  | { readonly event: 'unclaim' | 'hand_back' | 'requeue'; readonly reason: string }
  | { readonly event: 'undeliverable' | 'fail' | 'abandon'; readonly error: TaskError }
  | { readonly event: 'retry'; readonly error: TaskError; readonly delaySeconds: number }
  | { readonly event: 'orphan'; readonly reason: string }
  | { readonly event: 'confirm_cancel'; readonly reason: string }

export type SettlementEvent = Settlement['event'] & TransitionName

/** What a decision needs to know of a task. */
export type SettledTask = Pick<
  Task,
  | 'status'
  | 'executionMode'
  | 'attempt'
  | 'forgivenAttempts'
  | 'maxAttempts'
  | 'deliveries'
  | 'cancelRequestedAt'
  | 'cancelReason'
>

/** The work failed. Another attempt when one is left and the failure allows it. */
export function settleFailure(
  task: SettledTask,
  failure: { readonly error: TaskError; readonly retryable: boolean },
  random: number,
): Settlement {
  if (task.cancelRequestedAt !== null) return confirmCancel(task)
  const counted = task.attempt - task.forgivenAttempts
  if (!failure.retryable || counted >= task.maxAttempts) return { event: 'fail', error: failure.error }
  return {
    event: 'retry',
    error: failure.error,
    delaySeconds: backoffSeconds(RETRY_BACKOFF, counted, random),
  }
}

/** The task goes back, by its holder's will or because it was provably not started. */
export function settleRelease(task: SettledTask, reason: string, maxDeliveries: number): Settlement {
  if (task.cancelRequestedAt !== null) return confirmCancel(task)
  if (task.deliveries >= maxDeliveries) {
    const message = `Handed out ${task.deliveries} times and given back each time; the last reason: ${reason}`
    return { event: 'undeliverable', error: { code: 'undeliverable', message } }
  }
  if (task.status === 'claimed') return { event: 'unclaim', reason }
  return { event: task.status === 'orphaned' ? 'requeue' : 'hand_back', reason }
}

/** The lease ran out. What that means depends on whether the work may still be going on. */
export function settleExpiry(task: SettledTask, maxDeliveries: number, random: number): Settlement {
  if (task.status === 'claimed') {
    return settleRelease(task, 'it was not started before the start deadline', maxDeliveries)
  }
  if (task.executionMode === 'ssh_cli') {
    return { event: 'orphan', reason: 'the dispatcher that followed it stopped renewing its lease' }
  }
  const message = 'The agent stopped sending heartbeats and the lease expired.'
  return settleFailure(task, { error: { code: 'lease_expired', message }, retryable: true }, random)
}

/** An orphaned run that nobody could find out about in time. It is never started again by itself. */
export function settleAbandon(task: SettledTask, message: string): Settlement {
  if (task.cancelRequestedAt !== null) {
    return { event: 'confirm_cancel', reason: `${task.cancelReason ?? 'cancelled'}. ${message}` }
  }
  return { event: 'abandon', error: { code: 'outcome_unknown', message } }
}

function confirmCancel(task: SettledTask): Settlement {
  return { event: 'confirm_cancel', reason: task.cancelReason ?? 'cancelled' }
}
