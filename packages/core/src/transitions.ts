import type { TaskStatus } from './task-status.ts'

export interface Transition {
  readonly from: readonly TaskStatus[]
  readonly to: TaskStatus
  /** Who causes it. */
  readonly by: string
  /** When, and what it costs. */
  readonly when: string
}

/**
 * Every way a task may move; read top to bottom it is the life of a task. The guards in SQL take `from` and `to` from
 * here, a test compares the CHECK constraints with it, and docs/state-machine.md is generated from it.
 */
export const TRANSITIONS = {
  admit: {
    from: ['waiting'],
    to: 'pending',
    by: "the predecessor's end, or the dispatcher's sweep",
    when: 'no unfinished task ahead of it has the same concurrency key',
  },
  postpone: {
    from: ['waiting'],
    to: 'scheduled',
    by: "the predecessor's end, or the dispatcher's sweep",
    when: 'as admit, but its run_at is still ahead',
  },
  due: { from: ['scheduled'], to: 'pending', by: 'dispatcher', when: 'run_at has come' },
  claim: {
    from: ['pending'],
    to: 'claimed',
    by: 'dequeue, or the dispatcher before it dials',
    when: 'it fits the claimer; mints a lease token and raises attempt and deliveries',
  },
  start: {
    from: ['claimed'],
    to: 'running',
    by: 'holder',
    when: 'first heartbeat, first log line, or SSH launch',
  },
  unclaim: {
    from: ['claimed'],
    to: 'pending',
    by: 'holder, or the dispatcher when the start deadline passed',
    when: 'provably not started: the attempt is given back, the delivery is counted',
  },
  hand_back: {
    from: ['running'],
    to: 'pending',
    by: 'holder',
    when: 'provably not started after all: the attempt keeps its number but does not count against max_attempts',
  },
  undeliverable: {
    from: ['claimed', 'running', 'orphaned'],
    to: 'failed',
    by: 'holder, or dispatcher',
    when: 'it was handed out and given back too many times',
  },
  succeed: { from: ['claimed', 'running'], to: 'succeeded', by: 'holder', when: 'the work is done' },
  fail: {
    from: ['claimed', 'running'],
    to: 'failed',
    by: 'holder, or the dispatcher when the lease expired',
    when: 'not retryable, or no attempt is left',
  },
  retry: {
    from: ['claimed', 'running'],
    to: 'scheduled',
    by: 'holder, or the dispatcher when the lease expired',
    when: 'an attempt is left; runs again after a growing pause',
  },
  orphan: {
    from: ['running'],
    to: 'orphaned',
    by: 'dispatcher',
    when: 'the lease of an ssh_cli run expired, was handed over in a drain, or its host cannot be reached: its process may still be alive, so nobody may start it again',
  },
  adopt: {
    from: ['orphaned'],
    to: 'running',
    by: 'any dispatcher',
    when: 'the run was found on its host, alive or ended: it is followed from the first byte that is missing',
  },
  requeue: {
    from: ['orphaned'],
    to: 'pending',
    by: 'any dispatcher',
    when: 'the run was found never to have started, and was kept from ever starting: the attempt does not count against max_attempts',
  },
  abandon: {
    from: ['orphaned'],
    to: 'failed',
    by: 'any dispatcher',
    when: 'its host could not be reached until the deadline: nobody can say what became of it',
  },
  cancel: {
    from: ['waiting', 'scheduled', 'pending'],
    to: 'cancelled',
    by: 'coordinator, or the forge when the issue is closed',
    when: 'at once, since nobody holds it',
  },
  confirm_cancel: {
    from: ['claimed', 'running', 'orphaned'],
    to: 'cancelled',
    by: 'holder, or the dispatcher when the lease expired',
    when: 'cancellation was requested and the holder stopped, or its lease ended (an ssh_cli run: once it was ended on its host)',
  },
  rerun: {
    from: ['succeeded', 'failed', 'cancelled'],
    to: 'pending',
    by: 'coordinator',
    when: 'the attempts made so far no longer count against max_attempts',
  },
} as const satisfies Record<string, Transition>

export type TransitionName = keyof typeof TRANSITIONS

/** What is recorded about a task besides its transitions. */
export const TASK_NOTES = ['created', 'assigned', 'flipped', 'cancel_requested'] as const
export type TaskNote = (typeof TASK_NOTES)[number]

export type TaskEventName = TransitionName | TaskNote
