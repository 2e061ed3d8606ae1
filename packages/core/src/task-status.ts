/** How far a task is. The order is the order of a life without accidents. */
export const TASK_STATUSES = [
  'waiting',
  'scheduled',
  'pending',
  'claimed',
  'running',
  'orphaned',
  'succeeded',
  'failed',
  'cancelled',
] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

/** Nobody holds it and it has not ended: it can be assigned, or cancelled at once. */
export const UNHELD_STATUSES = ['waiting', 'scheduled', 'pending'] as const satisfies readonly TaskStatus[]

/** Somebody's lease is on it. The database demands a lease token in these statuses and forbids one elsewhere. */
export const HELD_STATUSES = ['claimed', 'running', 'orphaned'] as const satisfies readonly TaskStatus[]

/** It is over. `finished_at` is set in these statuses and only there. */
export const ENDED_STATUSES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly TaskStatus[]

/** True when the task is over. */
export function hasEnded(status: TaskStatus): boolean {
  return (ENDED_STATUSES as readonly TaskStatus[]).includes(status)
}

/** True when somebody's lease is on the task. */
export function isHeld(status: TaskStatus): boolean {
  return (HELD_STATUSES as readonly TaskStatus[]).includes(status)
}
