import type { ShownTask, Task } from '@switchyard/core'

/** A row of `tasks`, as node-postgres returns `select *`. */
export interface TaskRow {
  id: string
  title: string
  prompt: string
  status: Task['status']
  execution_mode: Task['executionMode']
  requested_mode: Task['requestedMode']
  mode_decided_by: Task['modeDecidedBy']
  mode_decided_at: Date
  mode_reason: string
  priority: number
  requires: string[]
  concurrency_key: string | null
  rule: string | null
  source: Task['source']
  agent_id: string | null
  assigned_agent_id: string | null
  attempt: number
  forgiven_attempts: number
  max_attempts: number
  deliveries: number
  lease_token: string | null
  lease_expires_at: Date | null
  orphaned_at: Date | null
  orphan_reason: string | null
  cancel_requested_at: Date | null
  cancel_reason: string | null
  progress: string | null
  log_bytes: number
  run_at: Date | null
  created_at: Date
  pending_since: Date | null
  claimed_at: Date | null
  started_at: Date | null
  finished_at: Date | null
  result: Record<string, unknown> | null
  error: Task['error']
}

/** The columns of a task that is told to whoever works on it; the others need not be read where many tasks a second are. */
export type ShownTaskRow = Omit<
  TaskRow,
  | 'mode_decided_by'
  | 'mode_decided_at'
  | 'mode_reason'
  | 'rule'
  | 'forgiven_attempts'
  | 'lease_token'
  | 'lease_expires_at'
  | 'orphaned_at'
  | 'orphan_reason'
  | 'cancel_reason'
  | 'log_bytes'
  | 'pending_since'
>

/** The domain's task, as it is told to whoever works on it. */
export function toShownTask(row: ShownTaskRow): ShownTask {
  return {
    id: row.id,
    title: row.title,
    prompt: row.prompt,
    status: row.status,
    executionMode: row.execution_mode,
    requestedMode: row.requested_mode,
    priority: row.priority,
    requires: row.requires,
    concurrencyKey: row.concurrency_key,
    source: row.source,
    agentId: row.agent_id,
    assignedAgentId: row.assigned_agent_id,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    deliveries: row.deliveries,
    cancelRequestedAt: row.cancel_requested_at,
    progress: row.progress,
    runAt: row.run_at,
    createdAt: row.created_at,
    claimedAt: row.claimed_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    result: row.result,
    error: row.error,
  }
}

/** The domain's task. The lease token stays behind: only a claim's answer may carry it. */
export function toTask(row: TaskRow): Task {
  return {
    ...toShownTask(row),
    modeDecidedBy: row.mode_decided_by,
    modeDecidedAt: row.mode_decided_at,
    modeReason: row.mode_reason,
    rule: row.rule,
    forgivenAttempts: row.forgiven_attempts,
    leaseExpiresAt: row.lease_expires_at,
    orphanedAt: row.orphaned_at,
    orphanReason: row.orphan_reason,
    cancelReason: row.cancel_reason,
    pendingSince: row.pending_since,
  }
}
