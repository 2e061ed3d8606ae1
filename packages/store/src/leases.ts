import { TRANSITIONS } from '@switchyard/core'
import type { AgentMode, Task } from '@switchyard/core'
import { inOrderAsked } from './order-asked.ts'
import type { Queryable } from './pool.ts'
import type { ClaimIdentity } from './settle-claim.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

// The first renewal is the start. `progress` is kept when none is given.
const RENEW_LEASE = /* sql */ `
  with held as materialized (
    select id, status as previous_status from tasks
     where id = $1 and lease_token = $2 and status = any($3::text[])
       and ($9::text is null or agent_id = $9)
       for update
  ), renewed as (
    update tasks t
       set status = $4,
           started_at = coalesce(t.started_at, coalesce($5::timestamptz, now())),
           lease_expires_at = coalesce($5::timestamptz, now()) + make_interval(secs => $6),
           progress = coalesce($7, t.progress),
           run_place = coalesce($10, t.run_place)
      from held
     where t.id = held.id
    returning t.*, held.previous_status
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor)
    select id, started_at, 'start', previous_status, status, execution_mode, agent_id, attempt, lease_token, $8
      from renewed
     where previous_status <> status
  )
  select * from renewed`

// As RENEW_LEASE, for many claims. A row that somebody else has is left out rather than waited for: one of them would hold up
// all the others, and two batches in another order would wait for each other. The select around the first array: see COMPLETE_CLAIMS.
const RENEW_LEASES = /* sql */ `
  with held as materialized (
    select t.id, t.status as previous_status, asked.progress, asked.actor, asked.number
      from unnest((select $1::uuid[]), $2::uuid[], $3::text[], $4::text[], $5::text[])
           with ordinality as asked (task_id, lease_token, agent_id, progress, actor, number)
      join tasks t on t.id = asked.task_id and t.lease_token = asked.lease_token
     where t.status = any($6::text[]) and (asked.agent_id is null or t.agent_id = asked.agent_id)
       for update of t skip locked
  ), renewed as (
    update tasks t
       set status = $7,
           started_at = coalesce(t.started_at, coalesce($8::timestamptz, now())),
           lease_expires_at = coalesce($8::timestamptz, now()) + make_interval(secs => $9),
           progress = coalesce(held.progress, t.progress)
      from held
     where t.id = held.id
    returning t.id, t.started_at, t.status, t.execution_mode, t.agent_id, t.attempt, t.lease_token, t.lease_expires_at,
              t.cancel_requested_at, held.previous_status, held.actor, held.number
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor)
    select id, started_at, 'start', previous_status, status, execution_mode, agent_id, attempt, lease_token, actor
      from renewed
     where previous_status <> status
  )
  select number, lease_expires_at as "expiresAt", cancel_requested_at is not null as "cancelRequested" from renewed`

// By primary key, one look per claim; the token then says whether it is still the same claim. The select around the first array:
// see COMPLETE_CLAIMS.
const LIST_CANCEL_REQUESTS = /* sql */ `
  select t.lease_token
    from unnest((select $1::uuid[]), $2::uuid[]) as held (id, lease_token)
    join tasks t on t.id = held.id and t.lease_token = held.lease_token
   where t.cancel_requested_at is not null and t.status = any($3::text[])`

export interface RenewLeaseRequest {
  readonly taskId: string
  readonly leaseToken: string
  /** Who must hold it; null or absent: whoever knows the token. */
  readonly agentId?: string | null
  readonly leaseSeconds: number
  /** What the holder says it is doing; null keeps what it said last. */
  readonly progress: string | null
  /** Where the attempt is about to be started; null or absent keeps what was said. */
  readonly place?: string | null
  readonly actor: string
  readonly now?: Date | null
}

export interface RenewedLease {
  readonly task: Task
  readonly mode: AgentMode
  readonly expiresAt: Date
  readonly cancelRequested: boolean
}

/**
 * Extends a lease, and starts the claim when it had not started (`start`). Null when the lease is no longer the caller's:
 * it expired and was taken back, or the task ended. Nothing changes then.
 */
export async function renewLease(db: Queryable, request: RenewLeaseRequest): Promise<RenewedLease | null> {
  const { from, to } = TRANSITIONS.start
  const { rows } = await db.query<TaskRow & { execution_mode: AgentMode; lease_expires_at: Date }>({
    name: 'renew_lease',
    text: RENEW_LEASE,
    values: [
      request.taskId,
      request.leaseToken,
      [...from, to],
      to,
      request.now ?? null,
      request.leaseSeconds,
      request.progress,
      request.actor,
      request.agentId ?? null,
      request.place ?? null,
    ],
  })
  const row = rows[0]
  if (row === undefined) return null
  return {
    task: toTask(row),
    mode: row.execution_mode,
    expiresAt: row.lease_expires_at,
    cancelRequested: row.cancel_requested_at !== null,
  }
}

export type LeaseRenewal = Pick<RenewLeaseRequest, 'taskId' | 'leaseToken' | 'agentId' | 'progress' | 'actor'>

/**
 * Renews many leases in one statement, each task once; the results are in the order of the requests. Null says only that this
 * lease was not renewed here: it is lost, or somebody else has the row at this moment. renewLease tells which.
 */
export async function renewLeases(
  db: Queryable,
  requests: readonly LeaseRenewal[],
  { leaseSeconds, now = null }: { readonly leaseSeconds: number; readonly now?: Date | null },
): Promise<(Pick<RenewedLease, 'expiresAt' | 'cancelRequested'> | null)[]> {
  const { from, to } = TRANSITIONS.start
  const { rows } = await db.query<{ number: number; expiresAt: Date; cancelRequested: boolean }>({
    name: 'renew_leases',
    text: RENEW_LEASES,
    values: [
      requests.map(({ taskId }) => taskId),
      requests.map(({ leaseToken }) => leaseToken),
      requests.map(({ agentId }) => agentId ?? null),
      requests.map(({ progress }) => progress),
      requests.map(({ actor }) => actor),
      [...from, to],
      to,
      now,
      leaseSeconds,
    ],
  })
  return inOrderAsked(requests.length, rows)
}

/**
 * Which of the given claims somebody asked to end, by their lease tokens: all of a replica's in one question. The answer asks
 * nothing of who holds it: the next renewal says the same.
 */
export async function listCancelRequests(
  db: Queryable,
  claims: readonly Pick<ClaimIdentity, 'taskId' | 'leaseToken'>[],
): Promise<string[]> {
  const { rows } = await db.query<{ lease_token: string }>({
    name: 'list_cancel_requests',
    text: LIST_CANCEL_REQUESTS,
    values: [
      claims.map(({ taskId }) => taskId),
      claims.map(({ leaseToken }) => leaseToken),
      TRANSITIONS.fail.from,
    ],
  })
  return rows.map((row) => row.lease_token)
}

export const LEASE_STATEMENTS = {
  renew_lease: RENEW_LEASE,
  renew_leases: RENEW_LEASES,
  list_cancel_requests: LIST_CANCEL_REQUESTS,
}
