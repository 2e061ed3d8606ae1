import { TRANSITIONS } from '@switchyard/core'
import type { Task } from '@switchyard/core'
import { violatesUnique } from './database-errors.ts'
import type { Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

const RERUN_TASK = /* sql */ `
  with before as materialized (
    select id, status as previous_status, assigned_agent_id, execution_mode from tasks
     where id = $1 and status = any($2::text[])
       for update
  ), assignee as materialized (
    -- The agent may have been deleted since: then nobody could ever take the task. The lock holds off a deletion.
    select a.id from agents a join before on before.assigned_agent_id = a.id and before.execution_mode = a.execution_mode
       for key share of a
  ), revived as (
    update tasks t
       set status = $3, position = nextval('task_positions'),
           turn = next_turn(t.lane, t.priority, case when assignee.id is null then t.requested_mode else t.execution_mode end, t.repository),
           pending_since = coalesce($4::timestamptz, now()),
           forgiven_attempts = t.attempt, deliveries = 0, agent_id = null,
           assigned_agent_id = assignee.id,
           execution_mode = case when assignee.id is null then t.requested_mode else t.execution_mode end,
           mode_decided_by = case when assignee.id is null then 'creator' else t.mode_decided_by end,
           mode_decided_at = case when assignee.id is null then coalesce($4::timestamptz, now()) else t.mode_decided_at end,
           mode_reason = case when assignee.id is null then 'as requested, for a rerun' else t.mode_reason end,
           cancel_requested_at = null, cancel_reason = null, progress = null,
           run_at = null, claimed_at = null, started_at = null, finished_at = null, result = null, error = null
      from before left join assignee on true
     where t.id = before.id
    returning t.*, before.previous_status
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, attempt, actor)
    select id, pending_since, 'rerun', previous_status, status, execution_mode, attempt, $5 from revived
  )
  select * from revived`

const FIND_ACTIVE_RIVAL = /* sql */ `
  select o.* from tasks t
   cross join lateral (
     select * from tasks k
      where k.concurrency_key = t.concurrency_key and k.status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned')
      union all
     select * from tasks k where k.concurrency_key = t.concurrency_key and k.status = 'waiting'
      union all
     select * from tasks k where k.dedupe_key = t.dedupe_key and k.status not in ('succeeded', 'failed', 'cancelled')) o
   where t.id = $1 and o.id <> t.id
   order by o.position
   limit 1`

export type RerunTaskResult =
  | { readonly kind: 'rerun'; readonly task: Task }
  | { readonly kind: 'not_ended' }
  | { readonly kind: 'already_active'; readonly rival: Task | null }

/**
 * Puts an ended task back into the queue, on the track that was asked for (an assignment by hand stays while its agent
 * exists), with all its attempts again. Attempt numbers go
 * on counting, so that logs of earlier attempts stay apart. Refused while another task for the same object is unfinished.
 */
export async function rerunTask(
  db: Queryable,
  taskId: string,
  { actor, now = null }: { readonly actor: string; readonly now?: Date | null },
): Promise<RerunTaskResult> {
  const { from, to } = TRANSITIONS.rerun
  try {
    const { rows } = await db.query<TaskRow>({
      name: 'rerun_task',
      text: RERUN_TASK,
      values: [taskId, from, to, now, actor],
    })
    return rows[0] === undefined ? { kind: 'not_ended' } : { kind: 'rerun', task: toTask(rows[0]) }
  } catch (error) {
    const conflicts = ['tasks_one_active_per_key', 'tasks_one_unfinished_per_object']
    if (!conflicts.some((constraint) => violatesUnique(error, constraint))) throw error
    const rival = await db.query<TaskRow>({
      name: 'find_active_rival',
      text: FIND_ACTIVE_RIVAL,
      values: [taskId],
    })
    return { kind: 'already_active', rival: rival.rows[0] === undefined ? null : toTask(rival.rows[0]) }
  }
}

export const RERUN_STATEMENTS = { rerun_task: RERUN_TASK, find_active_rival: FIND_ACTIVE_RIVAL }
