import type { Queryable } from './pool.ts'
import type { AgentClaimRow } from './claim-rows.ts'
import type { Place } from './scan-memory.ts'

/**
 * The claim of the pulling agents: for n requests of agents with the same labels, the first n tasks that fit, in one statement.
 * - `candidates` reads, per lane that the labels allow and per priority, the head of the index (tasks_pull_queue) from the given place on, without
 *   any lock. The constant limit is for the planner, which would take a parameter to mean a tenth of the table, and sort it.
 * - `locked` takes the first n of them that nobody else has locked (`skip locked`: nobody waits), by the order of the queue. Every
 *   condition is checked again there, under the lock: a row that changed meanwhile is dropped.
 *   `status || ''` keeps the planner from the partial indexes of the queue: while the statistics are older than a burst of tasks, it takes
 *   reading all that wait to be cheaper than looking these up by their id.
 * - What is reserved for an agent ($6) takes part when it is the only one that asks. Of several, those that have something reserved are
 *   answered `reserved`, and ask alone. `(select 'pending')`: the migration of its index, tasks_reserved, says why.
 * - `materialized`: a limited, locking select that the planner may run again would lock more rows than it returns. Each task is then
 *   updated by its id.
 */
const CLAIM_NEXT = /* sql */ `
  with requests as materialized (
    select r.place, r.agent_id, r.request_key,
           $6::text is null and exists (select 1 from tasks o where o.assigned_agent_id = r.agent_id and o.status = (select 'pending')
                                           and o.execution_mode = 'http_pull') as reserved
      from unnest($1::text[], $5::text[]) with ordinality as r(agent_id, request_key, place)
  ), asked as (
    select agent_id, request_key, place, row_number() over (order by place) as nth from requests where not reserved
  ), candidates as (
    select c.id, p.priority, c.turn, c.position
      from lanes l
     cross join (values (1::smallint), (2::smallint), (3::smallint), (4::smallint)) as p(priority)
      left join unnest($8::bigint[], $9::smallint[], $10::bigint[], $11::bigint[]) as s(lane, priority, turn, position)
        on s.lane = l.id and s.priority = p.priority
     cross join lateral (
       select * from (
         select t.id, t.turn, t.position from tasks t
          where t.status = 'pending' and t.assigned_agent_id is null and t.execution_mode in ('http_pull', 'undecided')
            and t.lane = l.id and t.priority = p.priority
            and (t.turn, t.position) >= (coalesce(s.turn, 0), coalesce(s.position, 0))
          order by t.turn, t.position
          limit 1000) head
        limit (select count(*) from asked) + $7::integer) c
     where l.requires <@ $2::text[]
     union all
    select * from (
      select * from (
        select o.id, o.priority, o.turn, o.position from tasks o
         where o.assigned_agent_id = $6 and o.status = (select 'pending') and o.execution_mode = 'http_pull'
         order by o.priority, o.turn, o.position
         limit 1000) head
       limit (select count(*) from asked) + $7::integer) own
  ), scanned as materialized (
    select array_agg(id) as ids, count(*) as seen, clock_timestamp() as at
      from (select id from candidates order by priority, turn, position limit (select count(*) from asked) + $7::integer) first
  ), locked as materialized (
    select t.id, t.execution_mode as previous_mode, t.priority, t.turn, t.position from tasks t
     where t.id = any((select ids from scanned)::uuid[])
       and t.status || '' = 'pending' and t.execution_mode in ('http_pull', 'undecided')
       and (t.assigned_agent_id = $6 or (t.assigned_agent_id is null and t.requires <@ $2::text[]))
     order by t.priority, t.turn, t.position
     limit (select count(*) from asked)
       for update skip locked
  ), matched as materialized (
    select n.id, n.previous_mode, a.agent_id, a.request_key, a.place
      from (select *, row_number() over (order by priority, turn, position) as nth from locked) n join asked a on a.nth = n.nth
  ), claimed as (
    update tasks t
       set status = 'claimed',
           execution_mode = 'http_pull',
           mode_decided_by = case when m.previous_mode = 'undecided' then 'dequeue' else t.mode_decided_by end,
           mode_decided_at = case when m.previous_mode = 'undecided' then coalesce($3::timestamptz, now()) else t.mode_decided_at end,
           mode_reason = case when m.previous_mode = 'undecided' then 'undecided until ' || m.agent_id || ' dequeued it' else t.mode_reason end,
           agent_id = m.agent_id,
           lease_token = gen_random_uuid(),
           lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4),
           request_key = m.request_key,
           attempt = t.attempt + 1,
           deliveries = t.deliveries + 1,
           claimed_at = coalesce($3::timestamptz, now()),
           started_at = null, progress = null, log_bytes = 0
      from matched m
     where t.id = m.id
    returning t.id, t.title, t.prompt, t.status, t.execution_mode, t.requested_mode, t.priority, t.requires, t.concurrency_key,
              t.source, t.agent_id, t.assigned_agent_id, t.attempt, t.max_attempts, t.deliveries, t.cancel_requested_at, t.progress,
              t.run_at, t.created_at, t.claimed_at, t.started_at, t.finished_at, t.result, t.error,
              t.pending_since, t.lease_token, t.lease_expires_at, t.mode_reason, t.lane, t.turn, t.position, m.place
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, claimed_at, 'claim', 'pending', status, execution_mode, agent_id, attempt, lease_token, 'agent:' || agent_id, mode_reason
      from claimed
  )
  select r.place as request_place, r.reserved, scanned.seen,
         extract(epoch from scanned.at - statement_timestamp())::float8 * 1000 as scan_milliseconds,
         c.id, c.title, c.prompt, c.status, c.execution_mode, c.requested_mode, c.priority, c.requires, c.concurrency_key, c.source,
         c.agent_id, c.assigned_agent_id, c.attempt, c.max_attempts, c.deliveries, c.cancel_requested_at, c.progress, c.run_at,
         c.created_at, c.claimed_at, c.started_at, c.finished_at, c.result, c.error,
         c.pending_since, c.lease_token, c.lease_expires_at, c.lane::text as lane, c.turn, c.position, c.place as claimed_place
    from requests r cross join scanned left join claimed c on c.place = r.place
   order by r.place`

/** Who asks, and with which key. */
export interface ClaimAsker {
  readonly agentId: string
  readonly requestKey: string | null
}

export interface ClaimNextOptions {
  readonly labels: readonly string[]
  readonly startSeconds: number
  readonly now: Date | null
  /** Where to begin, per lane and priority; what is not named is read from its beginning. */
  readonly places: readonly Place[]
  /** How many more tasks than requests are looked at, for those that somebody else has locked. */
  readonly spare: number
}

/** A task that was claimed, and its place in the queue. */
export type ClaimedRow = AgentClaimRow & Place

export interface ClaimNextResult {
  /** One for each request, in its order. */
  readonly rows: readonly (ClaimedRow | 'reserved' | null)[]
  /** Whether there are tasks that were not looked at. */
  readonly isCut: boolean
  /** How long the reading took in the database, in milliseconds. */
  readonly scanMilliseconds: number
}

/** The columns of a task are null where nothing was claimed. */
interface AnswerRow extends ClaimedRow {
  request_place: number
  claimed_place: number | null
  reserved: boolean
  seen: number
  scan_milliseconds: number
}

/** Runs the claim's statement for agents with the same labels. At most 1,000 requests and spare tasks together. */
export async function claimNext(
  db: Queryable,
  askers: readonly ClaimAsker[],
  { labels, startSeconds, now, places, spare }: ClaimNextOptions,
): Promise<ClaimNextResult> {
  const agentId = askers[0]?.agentId ?? null
  const onlyAgent = askers.every((asker) => asker.agentId === agentId) ? agentId : null
  const { rows } = await db.query<AnswerRow>({
    name: 'claim_next',
    text: CLAIM_NEXT,
    values: [
      askers.map((asker) => asker.agentId),
      labels,
      now,
      startSeconds,
      askers.map(({ requestKey }) => requestKey),
      onlyAgent,
      spare,
      places.map(({ lane }) => lane),
      places.map(({ priority }) => priority),
      places.map(({ turn }) => turn),
      places.map(({ position }) => position),
    ],
  })
  const asked = rows.filter(({ reserved }) => !reserved).length
  return {
    rows: rows.map((row) => (row.reserved ? 'reserved' : row.claimed_place === null ? null : row)),
    isCut: (rows[0]?.seen ?? 0) >= asked + spare,
    scanMilliseconds: rows[0]?.scan_milliseconds ?? 0,
  }
}

export const CLAIM_NEXT_STATEMENTS = { claim_next: CLAIM_NEXT }
