import type { Task } from '@switchyard/core'
import { v7 as uuidv7 } from 'uuid'
import { joinBytes } from './joined-bytes.ts'
import { sortedLabels, taskAsCreated } from './new-task.ts'
import type { CreatedRow, NewTask } from './new-task.ts'
import type { Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

export type CreateTaskResult =
  | { readonly kind: 'created'; readonly task: Task }
  | { readonly kind: 'repeated'; readonly task: Task }
  | { readonly kind: 'idempotency_key_reused'; readonly task: Task }
  | { readonly kind: 'duplicate'; readonly task: Task }

// - `on conflict do nothing` without a target covers all unique indexes at once, and waits for a concurrent insert of the same key to
//   commit or roll back (PostgreSQL documentation, INSERT, "ON CONFLICT Clause").
// - One look per index that has concurrency keys. `limit 1` rather than `exists`, which PostgreSQL may answer by reading all unfinished
//   tasks once, for as long as it has not counted them.
// - Entries do not see one another: the second of the same concurrency key takes itself to be the active one, and conflicts with the first.
// - The first task of a repository has its next turn, each further one the turn behind the one before it: what the trigger would give each of
//   them, with one look instead of one for each. The turn of an entry that conflicts stays empty.
const CREATE_TASKS = /* sql */ `
  with entries as materialized (
    select asked.*, coalesce($2::timestamptz, now()) as at, hash_array_extended(asked.requires, 0) as lane,
           coalesce(asked.source ->> 'repository', '') as repository,
           case
             when (select true from tasks t
                    where t.concurrency_key = asked.concurrency_key
                      and t.status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned')
                    limit 1) then 'waiting'
             when (select true from tasks t
                    where t.concurrency_key = asked.concurrency_key and t.status = 'waiting'
                    limit 1) then 'waiting'
             when asked.run_at > coalesce($2::timestamptz, now()) then 'scheduled'
             else 'pending'
           end as status
      from rows from (json_to_recordset($1::json)
                        as (id uuid, title text, prompt_start integer, prompt_length integer, requested_mode text, mode_reason text,
                            priority smallint, requires text[], concurrency_key text, max_attempts integer, run_at timestamptz,
                            source jsonb, rule text, dedupe_key text, created_by text, idempotency_key text,
                            idempotency_hash text)) with ordinality as asked
  ), next_turns as materialized (
    select *, next_turn(lane, priority, requested_mode, repository) as next
      from (select distinct lane, priority, requested_mode, repository from entries where status = 'pending') queue
  ), turns_taken as (
    select id, place + max(next - place) over (partition by lane, priority, repository order by place) as turn
      from (select e.id, n.lane, n.priority, n.repository, n.next,
                   row_number() over (partition by n.lane, n.priority, n.repository order by e.ordinality) as place
              from entries e join next_turns n using (lane, priority, requested_mode, repository)
             where e.status = 'pending') numbered
  ), created as (
    insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_decided_at,
                       mode_reason, priority, requires, concurrency_key, max_attempts, run_at, source, rule, dedupe_key,
                       created_by, idempotency_key, idempotency_hash, created_at, pending_since, turn)
    select id, title, convert_from(substring($3::bytea from prompt_start for prompt_length), 'UTF8'), status, requested_mode,
           requested_mode, 'creator', at, mode_reason, priority, requires, concurrency_key, max_attempts, run_at, source, rule,
           dedupe_key, created_by, idempotency_key, idempotency_hash, at, case when status = 'pending' then at end, coalesce(turn, 0)
      from entries left join turns_taken using (id)
     order by ordinality
    on conflict do nothing
    returning id, status, execution_mode, created_at, created_by, mode_reason
  ), noted as (
    insert into task_events (task_id, at, event, to_status, execution_mode, attempt, actor, reason)
    select id, created_at, 'created', status, execution_mode, 0, created_by, mode_reason from created
  )
  select id, status, created_at from created`

const FIND_CONFLICTING_TASK = /* sql */ `
  select t.*, (t.created_by = $1 and t.idempotency_key = $2) is true as same_idempotency_key,
         t.idempotency_hash = $3 as same_hash
    from tasks t
   where (t.created_by = $1 and t.idempotency_key = $2)
      or (t.dedupe_key = $4 and t.status not in ('succeeded', 'failed', 'cancelled'))
   order by same_idempotency_key desc
   limit 1`

/**
 * Puts tasks into the queue, in one statement: `waiting` behind an unfinished task with the same concurrency key, `scheduled` when
 * its time has not come, else `pending`. One result for each, in order; null where one of its keys is taken: createTask finds out by what.
 */
export async function createTasks(
  db: Queryable,
  tasks: readonly NewTask[],
  now: Date | null = null,
): Promise<(Task | null)[]> {
  if (tasks.length === 0) return []
  const prompts = joinBytes(tasks.map(({ prompt }) => Buffer.from(prompt)))
  const entries = tasks.map((task, index) => ({
    id: uuidv7(),
    title: task.title,
    prompt_start: prompts.places[index]?.start,
    prompt_length: prompts.places[index]?.length,
    requested_mode: task.requestedMode,
    mode_reason: task.modeReason,
    priority: task.priority,
    requires: sortedLabels(task.requires),
    concurrency_key: task.concurrencyKey,
    max_attempts: task.maxAttempts,
    run_at: task.runAt,
    source: task.source,
    rule: task.rule,
    dedupe_key: task.dedupeKey,
    created_by: task.createdBy,
    idempotency_key: task.idempotency?.key ?? null,
    idempotency_hash: task.idempotency?.hash ?? null,
  }))
  const { rows } = await db.query<CreatedRow>({
    name: 'create_tasks',
    text: CREATE_TASKS,
    values: [JSON.stringify(entries), now, prompts.bytes],
  })
  const created = new Map(rows.map((row) => [row.id, row]))
  return tasks.map((task, index) => {
    const row = created.get(entries[index]?.id ?? '')
    return row === undefined ? null : taskAsCreated(task, row)
  })
}

/** Puts one task into the queue, as createTasks does, or says what is in its way. Works alone or as part of a transaction. */
export async function createTask(
  db: Queryable,
  task: NewTask,
  now: Date | null = null,
): Promise<CreateTaskResult> {
  for (;;) {
    const [created] = await createTasks(db, [task], now)
    if (created != null) return { kind: 'created', task: created }
    const conflicting = await db.query<TaskRow & { same_idempotency_key: boolean; same_hash: boolean }>({
      name: 'find_conflicting_task',
      text: FIND_CONFLICTING_TASK,
      values: [task.createdBy, task.idempotency?.key ?? null, task.idempotency?.hash ?? null, task.dedupeKey],
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
  create_tasks: CREATE_TASKS,
  find_conflicting_task: FIND_CONFLICTING_TASK,
  find_unfinished_by_dedupe_key: FIND_UNFINISHED_BY_DEDUPE_KEY,
}
