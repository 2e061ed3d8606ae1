import type { ExecutionMode, Task, TaskSource, TaskStatus } from '@switchyard/core'

export interface NewTask {
  readonly title: string
  readonly prompt: string
  readonly requestedMode: ExecutionMode
  readonly modeReason: string
  readonly priority: number
  readonly requires: readonly string[]
  readonly concurrencyKey: string | null
  readonly maxAttempts: number
  readonly runAt: Date | null
  readonly source: TaskSource
  readonly rule: string | null
  /** One unfinished task per key; a second one is answered with the first. */
  readonly dedupeKey: string | null
  readonly createdBy: string
  /** What the creator repeats when it did not get the answer; `hash` tells a repetition from a reuse. */
  readonly idempotency: { readonly key: string; readonly hash: string } | null
}

/** What only the database could say about a task that it has just created. */
export interface CreatedRow {
  readonly id: string
  readonly status: TaskStatus
  readonly created_at: Date
}

/** The labels in one order and each once, so that the same set is one lane. */
export function sortedLabels(requires: readonly string[]): readonly string[] {
  return [...new Set(requires)].sort()
}

/** The task as a read of it would say now: a row with a long prompt need not come back to where it came from. */
export function taskAsCreated(task: NewTask, { id, status, created_at: createdAt }: CreatedRow): Task {
  return {
    id,
    title: task.title,
    prompt: task.prompt,
    status,
    executionMode: task.requestedMode,
    requestedMode: task.requestedMode,
    modeDecidedBy: 'creator',
    modeDecidedAt: createdAt,
    modeReason: task.modeReason,
    priority: task.priority,
    requires: sortedLabels(task.requires),
    concurrencyKey: task.concurrencyKey,
    rule: task.rule,
    source: task.source,
    agentId: null,
    assignedAgentId: null,
    attempt: 0,
    forgivenAttempts: 0,
    maxAttempts: task.maxAttempts,
    deliveries: 0,
    leaseExpiresAt: null,
    orphanedAt: null,
    orphanReason: null,
    cancelRequestedAt: null,
    cancelReason: null,
    progress: null,
    runAt: task.runAt,
    createdAt,
    pendingSince: status === 'pending' ? createdAt : null,
    claimedAt: null,
    startedAt: null,
    finishedAt: null,
    result: null,
    error: null,
  }
}
