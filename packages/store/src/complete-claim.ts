import { TRANSITIONS } from '@switchyard/core'
import type { ShownTask, Task } from '@switchyard/core'
import { inOrderAsked } from './order-asked.ts'
import type { Pool, Queryable } from './pool.ts'
import { admitAfterEnd } from './settle-claim.ts'
import type { ClaimIdentity } from './settle-claim.ts'
import { toShownTask, toTask } from './task-rows.ts'
import type { ShownTaskRow, TaskRow } from './task-rows.ts'

const COMPLETE_CLAIM = /* sql */ `
  with ended as (
    update tasks
       set status = $4, finished_at = coalesce($6::timestamptz, now()), result = $5, error = null,
           lease_token = null, lease_expires_at = null, request_key = null
     where id = $1 and lease_token = $2 and status = any($3::text[])
       and ($8::text is null or agent_id = $8)
    returning *
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor)
    select id, finished_at, 'succeed', case when started_at is null then 'claimed' else 'running' end, status, execution_mode, agent_id, attempt, $2, $7 from ended
  )
  select * from ended`

// As COMPLETE_CLAIM, for many claims. A row that somebody else has is left out rather than waited for. Of an array that the planner
// sees it knows the length, and a plan for one row looks cheaper than the one for all: it would plan at each execution. Hence the
// select around the first.
const COMPLETE_CLAIMS = /* sql */ `
  with held as materialized (
    select t.id, asked.result, asked.actor, asked.lease_token, asked.number
      from unnest((select $1::uuid[]), $2::uuid[], $3::text[], $4::jsonb[], $5::text[])
           with ordinality as asked (task_id, lease_token, agent_id, result, actor, number)
      join tasks t on t.id = asked.task_id and t.lease_token = asked.lease_token
     where t.status = any($6::text[]) and (asked.agent_id is null or t.agent_id = asked.agent_id)
       for update of t skip locked
  ), ended as (
    update tasks t
       set status = $7, finished_at = coalesce($8::timestamptz, now()), result = held.result, error = null,
           lease_token = null, lease_expires_at = null, request_key = null
      from held
     where t.id = held.id
    returning t.id, t.title, t.prompt, t.status, t.execution_mode, t.requested_mode, t.priority, t.requires, t.concurrency_key,
              t.source, t.agent_id, t.assigned_agent_id, t.attempt, t.max_attempts, t.deliveries, t.cancel_requested_at, t.progress,
              t.run_at, t.created_at, t.claimed_at, t.started_at, t.finished_at, t.result, t.error,
              held.actor, held.lease_token as ended_token, held.number
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor)
    select id, finished_at, 'succeed', case when started_at is null then 'claimed' else 'running' end, status, execution_mode, agent_id, attempt, ended_token, actor from ended
  )
  select id, title, prompt, status, execution_mode, requested_mode, priority, requires, concurrency_key, source, agent_id,
         assigned_agent_id, attempt, max_attempts, deliveries, cancel_requested_at, progress, run_at, created_at, claimed_at,
         started_at, finished_at, result, error, number
    from ended`

/** Ends a claim with success. Null when the lease is no longer the caller's; nothing changes then. */
export async function completeClaim(
  pool: Pool,
  claim: ClaimIdentity,
  completion: {
    readonly result: Readonly<Record<string, unknown>>
    readonly actor: string
    readonly now?: Date | null
  },
): Promise<Task | null> {
  const { from, to } = TRANSITIONS.succeed
  const { rows } = await pool.query<TaskRow>({
    name: 'complete_claim',
    text: COMPLETE_CLAIM,
    values: [
      claim.taskId,
      claim.leaseToken,
      from,
      to,
      completion.result,
      completion.now ?? null,
      completion.actor,
      claim.agentId ?? null,
    ],
  })
  if (rows[0] === undefined) return null
  const task = toTask(rows[0])
  await admitAfterEnd(pool, task, completion.now ?? null)
  return task
}

export interface Completion extends ClaimIdentity {
  readonly result: Readonly<Record<string, unknown>>
  readonly actor: string
}

/**
 * Ends many claims with success in one statement, each task once; the results are in the order of the requests. Null says only
 * that this claim was not ended here: it is lost, or somebody else has the row at this moment. completeClaim tells which.
 * Letting in the tasks that waited for these (admitAfterEnd) is left to the caller.
 */
export async function completeClaims(
  db: Queryable,
  completions: readonly Completion[],
  now: Date | null = null,
): Promise<(ShownTask | null)[]> {
  const { from, to } = TRANSITIONS.succeed
  const { rows } = await db.query<ShownTaskRow & { number: number }>({
    name: 'complete_claims',
    text: COMPLETE_CLAIMS,
    values: [
      completions.map(({ taskId }) => taskId),
      completions.map(({ leaseToken }) => leaseToken),
      completions.map(({ agentId }) => agentId ?? null),
      completions.map(({ result }) => JSON.stringify(result)),
      completions.map(({ actor }) => actor),
      from,
      to,
      now,
    ],
  })
  return inOrderAsked(completions.length, rows).map((row) => (row === null ? null : toShownTask(row)))
}

export const COMPLETE_STATEMENTS = { complete_claim: COMPLETE_CLAIM, complete_claims: COMPLETE_CLAIMS }
