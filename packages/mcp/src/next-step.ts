import type { Task } from '@switchyard/client'

/** What whoever asked for a task does next, from where it stands now. */
export function afterStatus({ status, cancel_requested: cancelRequested, id }: Task): string {
  switch (status) {
    case 'succeeded':
      return 'It has succeeded: read task.result, or call read_task_log for its output.'
    case 'failed':
      return 'It has failed: read task.error, call read_task_log; call rerun_task to try it again.'
    case 'cancelled':
      return 'It was cancelled. Call rerun_task if it is to be done after all.'
    case 'claimed':
    case 'running':
    case 'orphaned':
      return cancelRequested
        ? 'Its holder has been asked to stop: call watch_task until it has ended.'
        : 'Somebody works on it: call watch_task until it has ended; read_task_log shows its output so far.'
    case 'waiting':
    case 'scheduled':
    case 'pending':
      return `Nobody works on it yet: call watch_task with status "${status}", or explain_task for why it waits (task_id ${id}).`
  }
}
