import type { ExecutionMode, Task, TaskSource } from '@switchyard/core'
import { v7 as uuidv7 } from 'uuid'
import type { Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

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

export type CreateTaskResult =
  | { readonly kind: 'created'; readonly task: Task }
  | { readonly kind: 'repeated'; readonly task: Task }
  | { readonly kind: 'idempotency_key_reused'; readonly task: Task }
  | { readonly kind: 'duplicate'; readonly task: Task }

// `on conflict do nothing` without a target covers all unique indexes at once, and waits for a concurrent insert of the
// same key to commit or roll back (PostgreSQL documentation, INSERT, "ON CONFLICT Clause").
const CREATE_TASK = /* sql */ `
  with created as (
    insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_decided_at,
                       mode_reason, priority, requires, concurrency_key, max_attempts, run_at, source, rule, dedupe_key,
                       created_by, idempotency_key, idempotency_hash, created_at, pending_since)
    select $1, $2, $3, entry.status, $4, $4, 'creator', entry.at, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
           entry.at, case when entry.status = 'pending' then entry.at end
      from (select case
                     when exists (select 1 from tasks t
                                   where t.concurrency_key = $8
                                     and t.status not in ('succeeded', 'failed', 'cancelled')) then 'waiting'
                     when $10::timestamptz > coalesce($17::timestamptz, now()) then 'scheduled'
                     else 'pending'
                   end as status,
                   coalesce($17::timestamptz, now()) as at) entry
    on conflict do nothing
    returning *
  ), noted as (
    insert into task_events (task_id, at, event, to_status, execution_mode, attempt, actor, reason)
    select id, created_at, 'created', status, execution_mode, 0, created_by, mode_reason from created
  )
  select * from created`

const FIND_CONFLICTING_TASK = /* sql */ `
  select t.*, (t.created_by = $1 and t.idempotency_key = $2) is true as same_idempotency_key,
         t.idempotency_hash = $3 as same_hash
    from tasks t
   where (t.created_by = $1 and t.idempotency_key = $2)
      or (t.dedupe_key = $4 and t.status not in ('succeeded', 'failed', 'cancelled'))
   order by same_idempotency_key desc
   limit 1`

/**
 * Puts a task into the queue: `waiting` behind an unfinished task with the same concurrency key, `scheduled` when its
 * time has not come, else `pending`. Works alone or as part of a transaction.
 */
export async function createTask(
  db: Queryable,
  task: NewTask,
  now: Date | null = null,
): Promise<CreateTaskResult> {
  const { key, hash } = task.idempotency ?? { key: null, hash: null }
  for (;;) {
    const created = await db.query<TaskRow>({
      name: 'create_task',
      text: CREATE_TASK,
      values: [
        uuidv7(),
        task.title,
        task.prompt,
        task.requestedMode,
        task.modeReason,
        task.priority,
        // In one order, so that the same labels are one lane.
        [...new Set(task.requires)].sort(),
        task.concurrencyKey,
        task.maxAttempts,
        task.runAt,
        task.source,
        task.rule,
        task.dedupeKey,
        task.createdBy,
        key,
        hash,
        now,
      ],
    })
    const row = created.rows[0]
    if (row !== undefined) return { kind: 'created', task: toTask(row) }
    const conflicting = await db.query<TaskRow & { same_idempotency_key: boolean; same_hash: boolean }>({
      name: 'find_conflicting_task',
      text: FIND_CONFLICTING_TASK,
      values: [task.createdBy, key, hash, task.dedupeKey],
    })
    const conflict = conflicting.rows[0]
    if (conflict === undefined) continue // It lost the race to be the active one of its concurrency key: now it waits behind the winner.
    if (!conflict.same_idempotency_key) return { kind: 'duplicate', task: toTask(conflict) }
    return { kind: conflict.same_hash ? 'repeated' : 'idempotency_key_reused', task: toTask(conflict) }
  }
}

const FIND_UNFINISHED_BY_DEDUPE_KEY = /* sql */ `
  select id from tasks where dedupe_key = $1 and status not in ('succeeded', 'failed', 'cancelled')`

/** The unfinished task of a rule for a forge object, or null. */
export async function findUnfinishedByDedupeKey(db: Queryable, dedupeKey: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>({
    name: 'find_unfinished_by_dedupe_key',
    text: FIND_UNFINISHED_BY_DEDUPE_KEY,
    values: [dedupeKey],
  })
  return rows[0]?.id ?? null
}

export const CREATE_STATEMENTS = {
  create_task: CREATE_TASK,
  find_conflicting_task: FIND_CONFLICTING_TASK,
  find_unfinished_by_dedupe_key: FIND_UNFINISHED_BY_DEDUPE_KEY,
}
