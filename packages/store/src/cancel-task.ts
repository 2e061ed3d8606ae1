import { hasEnded, TRANSITIONS } from '@switchyard/core'
import type { Task } from '@switchyard/core'
import { admitNext } from './admit.ts'
import type { Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

/**
 * Both halves in one statement, so that a claim cannot slip between them. What is set follows from t alone: after waiting
 * for somebody else's change, PostgreSQL first checks the constraints on a row made from the old t and the new "before",
 * and only then notices that t is old.
 */
const CANCEL_TASK = /* sql */ `
  with before as materialized (
    select id, status as previous_status, cancel_requested_at as previous_request from tasks
     where id = $1 and (status = any($2::text[]) or status = any($3::text[]))
       for update
  ), cancelled as (
    update tasks t
       set status = case when t.status = any($2::text[]) then $4 else t.status end,
           finished_at = case when t.status = any($2::text[]) then coalesce($5::timestamptz, now()) end,
           cancel_requested_at = coalesce(t.cancel_requested_at, $5::timestamptz, now()),
           cancel_reason = coalesce(t.cancel_reason, $6)
      from before
     where t.id = before.id
    returning t.*, before.previous_status, before.previous_request
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, actor, reason)
    select id, coalesce($5::timestamptz, now()), case when status = $4 then 'cancel' else 'cancel_requested' end,
           previous_status, status, execution_mode, agent_id, attempt, $7, $6
      from cancelled
     where previous_request is null or status <> previous_status
  )
  select * from cancelled`

// Said as the two indexes of concurrency keys have it. By id, which never changes: two calls at once lock the tasks in the same order.
const LIST_UNFINISHED_BY_KEY = /* sql */ `
  select id from tasks
   where (concurrency_key = $1 and status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned'))
      or (concurrency_key = $1 and status = 'waiting')
   order by id`

export interface CancelRequest {
  readonly reason: string
  readonly actor: string
  readonly now?: Date | null
}

/**
 * Cancels a task that nobody holds at once, and asks the holder of any other one to stop: it reads the directive with its
 * next heartbeat. Null when the task has ended or does not exist. Repeating it changes nothing.
 */
export async function cancelTask(
  db: Queryable,
  taskId: string,
  request: CancelRequest,
): Promise<Task | null> {
  const task = await cancelOne(db, taskId, request)
  if (task !== null && hasEnded(task.status) && task.concurrencyKey !== null) {
    await admitNext(db, task.concurrencyKey, request.now ?? null)
  }
  return task
}

async function cancelOne(db: Queryable, taskId: string, request: CancelRequest): Promise<Task | null> {
  const { from, to } = TRANSITIONS.cancel
  const { rows } = await db.query<TaskRow>({
    name: 'cancel_task',
    text: CANCEL_TASK,
    values: [
      taskId,
      from,
      TRANSITIONS.confirm_cancel.from,
      to,
      request.now ?? null,
      request.reason,
      request.actor,
    ],
  })
  return rows[0] === undefined ? null : toTask(rows[0])
}

/** Cancels everything unfinished about one forge issue or pull request, so that nothing is left to admit. Returns the ids. */
export async function cancelByConcurrencyKey(
  db: Queryable,
  key: string,
  request: CancelRequest,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'list_unfinished_by_key',
    text: LIST_UNFINISHED_BY_KEY,
    values: [key],
  })
  const cancelled: string[] = []
  for (const { id } of rows) {
    if ((await cancelOne(db, id, request)) !== null) cancelled.push(id)
  }
  return cancelled
}

export const CANCEL_STATEMENTS = { cancel_task: CANCEL_TASK, list_unfinished_by_key: LIST_UNFINISHED_BY_KEY }
