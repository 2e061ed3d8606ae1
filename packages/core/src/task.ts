import type { AgentMode, ExecutionMode } from './execution-mode.ts'
import type { TaskStatus } from './task-status.ts'

/** 1 is urgent, 4 is low. */
export const PRIORITIES = [1, 2, 3, 4] as const
export type Priority = (typeof PRIORITIES)[number]
export const DEFAULT_PRIORITY: Priority = 3
export const MOST_URGENT: Priority = 1
export const LEAST_URGENT: Priority = 4

/** How often a task is tried when its creator says nothing, and at most. */
export const DEFAULT_MAX_ATTEMPTS = 3
export const MOST_ATTEMPTS = 100

/** Where a task came from. Everything but `kind` is null when it does not apply. */
export interface TaskSource {
  readonly kind: 'api' | 'forgejo' | 'gitea'
  readonly repository: string | null
  readonly issue_number: number | null
  readonly url: string | null
  readonly event: string | null
  readonly action: string | null
  readonly sender: string | null
  readonly delivery_id: string | null
}

/** Why a task failed: a stable code for programs, a sentence for people. */
export interface TaskError {
  readonly code: string
  readonly message: string
}

/** Who decided a task's track. */
export const DECIDERS = ['creator', 'dispatcher', 'dequeue', 'coordinator', 'timeout'] as const
export type Decider = (typeof DECIDERS)[number]

/** One unit of work for an agent, as the database knows it. Instants are the database's clock. */
export interface Task {
  readonly id: string
  readonly title: string
  readonly prompt: string
  readonly status: TaskStatus
  readonly executionMode: ExecutionMode
  readonly requestedMode: ExecutionMode
  readonly modeDecidedBy: Decider
  readonly modeDecidedAt: Date
  readonly modeReason: string
  readonly priority: number
  readonly requires: readonly string[]
  readonly concurrencyKey: string | null
  readonly rule: string | null
  readonly source: TaskSource
  readonly agentId: string | null
  readonly assignedAgentId: string | null
  readonly attempt: number
  /** Attempts that do not count against maxAttempts: handed back, or made before a rerun. */
  readonly forgivenAttempts: number
  readonly maxAttempts: number
  /** How many times it was handed to somebody. */
  readonly deliveries: number
  readonly leaseExpiresAt: Date | null
  /** Since when nobody follows its run; null unless it is orphaned. */
  readonly orphanedAt: Date | null
  /** Why nobody does, as last found out. */
  readonly orphanReason: string | null
  readonly cancelRequestedAt: Date | null
  readonly cancelReason: string | null
  readonly progress: string | null
  readonly runAt: Date | null
  readonly createdAt: Date
  readonly pendingSince: Date | null
  readonly claimedAt: Date | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly result: Readonly<Record<string, unknown>> | null
  readonly error: TaskError | null
}

/** What whoever works on a task is told of it: all but its bookkeeping. */
export type ShownTask = Omit<
  Task,
  | 'modeDecidedBy'
  | 'modeDecidedAt'
  | 'modeReason'
  | 'rule'
  | 'forgivenAttempts'
  | 'leaseExpiresAt'
  | 'orphanedAt'
  | 'orphanReason'
  | 'cancelReason'
  | 'pendingSince'
>

/** The right to work on a task, and until when. */
export interface Claim<Told extends ShownTask = Task> {
  readonly task: Told
  readonly agentId: string
  readonly mode: AgentMode
  readonly leaseToken: string
  readonly leaseExpiresAt: Date
}
