import type { Claim } from '@switchyard/core'
import { toClaim } from './claim-rows.ts'
import type { ClaimRow } from './claim-rows.ts'
import { inTransaction } from './pool.ts'
import type { Pool } from './pool.ts'

// A host that another replica is looking at right now is skipped: it gets its tasks from that replica. One on which a check
// found that every run would fail gets none until a check is good.
const LOCK_READY_HOST = /* sql */ `
  select a.labels, a.max_concurrent, h.failures
    from agents a join hosts h on h.id = a.id
   where a.id = $1 and not a.paused and h.blocked_reason is null
     and (h.cooling_down_until is null or h.cooling_down_until <= coalesce($2::timestamptz, now()))
     for no key update of a skip locked`

/**
 * As CLAIM_NEXT, on the other track's index (tasks_push_queue), for as many tasks as $5 slots leave free. The count
 * is exact because this statement's snapshot is taken after the host's row was locked. A probe ($7) takes one task, and
 * none while another is being started; what runs already does not keep the host from being tried again. The update takes its
 * rows from an array: the planner cannot know the limit, and would read the whole table to join with that many rows.
 */
const CLAIM_FOR_HOST = /* sql */ `
  with held as (
    select count(*) as slots, count(*) filter (where status = 'claimed') as starting
      from tasks where agent_id = $1 and status in ('claimed', 'running', 'orphaned')
  ), free as materialized (
    select greatest(least($5::integer - slots, case when $7::boolean then 1 - starting else $5::integer end), 0) as slots from held
  ), candidates as (
    select c.id, p.priority, c.turn, c.position
      from lanes l
     cross join (values (1::smallint), (2::smallint), (3::smallint), (4::smallint)) as p(priority)
     cross join lateral (
       select * from (
         select t.id, t.turn, t.position from tasks t
          where t.status = 'pending' and t.assigned_agent_id is null and t.execution_mode in ('ssh_cli', 'undecided')
            and t.lane = l.id and t.priority = p.priority
          order by t.turn, t.position
          limit 1000) head
        limit (select case when slots > 0 then slots + 16 else 0 end from free)) c
     where l.requires <@ $2::text[]
     union all
    select * from (
      select o.id, o.priority, o.turn, o.position from tasks o
       where o.assigned_agent_id = $1 and o.status = 'pending' and o.execution_mode = 'ssh_cli'
       order by o.priority, o.turn, o.position
       limit 1000) own
  ), next as materialized (
    select t.id from tasks t
     where t.id = any(array(select id from candidates order by priority, turn, position limit (select slots + 16 from free)))
       and t.status = 'pending' and t.execution_mode in ('ssh_cli', 'undecided')
       and (t.assigned_agent_id = $1 or (t.assigned_agent_id is null and t.requires <@ $2::text[]))
     order by t.priority, t.turn, t.position
     limit (select slots from free)
       for update skip locked
  ), claimed as (
    update tasks t
       set status = 'claimed',
           execution_mode = 'ssh_cli',
           mode_decided_by = case when t.execution_mode = 'undecided' then 'dispatcher' else t.mode_decided_by end,
           mode_decided_at = case when t.execution_mode = 'undecided' then coalesce($3::timestamptz, now()) else t.mode_decided_at end,
           mode_reason = case when t.execution_mode = 'undecided' then 'undecided until it was matched to host ' || $1 else t.mode_reason end,
           agent_id = $1,
           lease_token = gen_random_uuid(),
           lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4),
           request_key = null,
           attempt = t.attempt + 1,
           deliveries = t.deliveries + 1,
           claimed_at = coalesce($3::timestamptz, now()),
           started_at = null, progress = null, log_bytes = 0, run_place = null, orphan_reason = null
     where t.id = any(array(select id from next))
    returning t.*
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, claimed_at, 'claim', 'pending', status, execution_mode, agent_id, attempt, lease_token, $6, mode_reason
      from claimed
  )
  select * from claimed order by priority, turn, position`

export interface ClaimForHostRequest {
  readonly hostId: string
  /** The dispatcher replica that claims, as events name it. */
  readonly dispatcherId: string
  /** The remote process must be started within this many seconds. */
  readonly startSeconds: number
  readonly now?: Date | null
}

/**
 * Claims as many fitting tasks as the host has free slots, `ssh_cli` or `undecided` alike. Slots are counted under a lock
 * on the host's row, so that all replicas together never exceed `max_concurrent`. A host whose last dial failed gets one
 * task at a time until a dial works. Empty when the host is paused, cooling down, blocked by its last check, full, or nothing fits.
 */
export function claimForHost(pool: Pool, request: ClaimForHostRequest): Promise<Claim[]> {
  const now = request.now ?? null
  return inTransaction(pool, async (connection) => {
    const locked = await connection.query<{
      labels: string[]
      max_concurrent: number | null
      failures: number
    }>({
      name: 'lock_ready_host',
      text: LOCK_READY_HOST,
      values: [request.hostId, now],
    })
    const host = locked.rows[0]
    if (host === undefined) return []
    const isProbe = host.failures > 0
    const claimed = await connection.query<ClaimRow>({
      name: 'claim_for_host',
      text: CLAIM_FOR_HOST,
      values: [
        request.hostId,
        host.labels,
        now,
        request.startSeconds,
        host.max_concurrent ?? 1,
        request.dispatcherId,
        isProbe,
      ],
    })
    return claimed.rows.map(toClaim)
  })
}

export const CLAIM_FOR_HOST_STATEMENTS = { lock_ready_host: LOCK_READY_HOST, claim_for_host: CLAIM_FOR_HOST }
