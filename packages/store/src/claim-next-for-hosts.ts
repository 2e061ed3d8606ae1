import type { ClaimRow } from './claim-rows.ts'
import type { Queryable } from './pool.ts'
import type { Place } from './scan-memory.ts'

/**
 * As CLAIM_NEXT, on the other track's index (tasks_push_queue), always from the beginning: $1 names one host for each free slot. The
 * planner takes what is locked for one row; each join of two such lists would compare all with all. So the nth task gets the nth host by
 * its place, and each task is updated by its id alone. The selects around $1: see COMPLETE_CLAIMS.
 */
const CLAIM_NEXT_FOR_HOSTS = /* sql */ `
  with candidates as (
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
        limit (select cardinality($1::text[])) + $7::integer) c
     where l.requires <@ $2::text[]
     union all
    select * from (
      select * from (
        select o.id, o.priority, o.turn, o.position from tasks o
         where o.assigned_agent_id = $6 and o.status = (select 'pending') and o.execution_mode = 'ssh_cli'
         order by o.priority, o.turn, o.position
         limit 1000) head
       limit (select cardinality($1::text[])) + $7::integer) own
  ), locked as materialized (
    select t.id, t.priority, t.turn, t.position from tasks t
     where t.id = any(array(select id from candidates order by priority, turn, position limit (select cardinality($1::text[])) + $7::integer))
       and t.status || '' = 'pending' and t.execution_mode in ('ssh_cli', 'undecided')
       and (t.assigned_agent_id = $6 or (t.assigned_agent_id is null and t.requires <@ $2::text[]))
     order by t.priority, t.turn, t.position
     limit (select cardinality($1::text[]))
       for update skip locked
  ), matched as materialized (
    select id, ($1::text[])[row_number() over (order by priority, turn, position)::integer] as agent_id from locked
  ), claimed as (
    update tasks t
       set status = 'claimed',
           execution_mode = 'ssh_cli',
           mode_decided_by = case when t.execution_mode = 'undecided' then 'dispatcher' else t.mode_decided_by end,
           mode_decided_at = case when t.execution_mode = 'undecided' then coalesce($3::timestamptz, now()) else t.mode_decided_at end,
           mode_reason = case when t.execution_mode = 'undecided' then 'undecided until it was matched to host ' || m.agent_id else t.mode_reason end,
           agent_id = m.agent_id,
           lease_token = gen_random_uuid(),
           lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4),
           request_key = null,
           attempt = t.attempt + 1,
           deliveries = t.deliveries + 1,
           claimed_at = coalesce($3::timestamptz, now()),
           started_at = null, progress = null, log_bytes = 0, run_place = null, orphan_reason = null
      from matched m
     where t.id = m.id
    returning t.*
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, claimed_at, 'claim', 'pending', status, execution_mode, agent_id, attempt, lease_token, $5, mode_reason
      from claimed
  )
  select *, lane::text as lane_id from claimed order by priority, turn, position`

/** Slots in one statement; with the spare ones below its constant limit. */
export const MOST_SLOTS = 900
/** Tasks beyond the slots that are looked at, for those that somebody else has locked. */
const SPARE = 64

export interface ClaimNextForHostsOptions {
  readonly labels: readonly string[]
  readonly dispatcherId: string
  readonly startSeconds: number
  readonly now: Date | null
}

/** Claims up to one task per slot, for hosts with the same labels; with what is reserved for the host when there is only one. */
export async function claimNextForHosts(
  db: Queryable,
  slots: readonly string[],
  { labels, dispatcherId, startSeconds, now }: ClaimNextForHostsOptions,
): Promise<(ClaimRow & Place)[]> {
  const onlyHost = slots.every((hostId) => hostId === slots[0]) ? (slots[0] ?? null) : null
  const { rows } = await db.query<ClaimRow & Place & { lane_id: string }>({
    name: 'claim_next_for_hosts',
    text: CLAIM_NEXT_FOR_HOSTS,
    values: [slots, labels, now, startSeconds, dispatcherId, onlyHost, SPARE],
  })
  return rows.map((row) => ({ ...row, lane: row.lane_id }))
}

export const CLAIM_NEXT_FOR_HOSTS_STATEMENTS = { claim_next_for_hosts: CLAIM_NEXT_FOR_HOSTS }
