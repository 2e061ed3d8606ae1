import { TRANSITIONS } from '@switchyard/core'
import type { ClaimIdentity } from './settle-claim.ts'
import type { Queryable } from './pool.ts'

/**
 * Phase 2. Bounded, and skipping what a claim holds: it never waits and never makes a claim wait for long. The rows are found again by their
 * place: the planner cannot know the limit, and would read the whole table to join with that many rows. One that was changed at this very
 * moment is in another place, and left to the next batch.
 */
const FLIP_UNDECIDED = /* sql */ `
  with instant as (select coalesce($1::timestamptz, now()) as at),
  late as materialized (
    select t.ctid as place from tasks t
     where t.status = 'pending' and t.execution_mode = 'undecided'
       and t.pending_since <= (select at from instant) - make_interval(secs => $2)
     order by t.pending_since
     limit $3
       for update skip locked
  ), flipped as (
    update tasks t
       set execution_mode = 'http_pull', mode_decided_by = 'timeout', mode_decided_at = (select at from instant),
           mode_reason = 'no host took it within ' || $2 || ' s'
     where t.ctid = any(array(select place from late))
    returning t.id, t.status, t.execution_mode, t.attempt, t.mode_decided_at, t.mode_reason
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, attempt, actor, reason)
    select id, mode_decided_at, 'flipped', status, status, execution_mode, attempt, $4, mode_reason from flipped
  )
  select count(*) as count from flipped`

const MAKE_DUE = /* sql */ `
  with instant as (select coalesce($1::timestamptz, now()) as at),
  due as materialized (
    select t.ctid as place, t.lane, t.requires from tasks t
     where t.status = 'scheduled' and t.run_at <= (select at from instant)
     order by t.run_at
     limit $2
       for update skip locked
  ), opened as (
    -- As open_lane does for each task, but in one order: two batches at once must not wait for each other's lanes crosswise.
    insert into lanes (requires)
    select distinct due.requires from due
     where not exists (select 1 from lanes l where l.id = due.lane and l.unused_since is null)
     order by due.requires
    on conflict (id) do update set unused_since = null
    returning id
  ), moved as (
    update tasks t
       set status = $3, pending_since = instant.at, position = nextval('task_positions'),
           turn = next_turn(t.lane, t.priority, t.execution_mode, t.repository)
      from instant, (select count(*) from opened) first
     where t.ctid = any(array(select place from due))
    returning t.id, t.status, t.execution_mode, t.attempt, instant.at
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, attempt, actor, reason)
    select id, at, 'due', 'scheduled', status, execution_mode, attempt, $4, 'run_at has come' from moved
  )
  select count(*) as count from moved`

const LIST_EXPIRED_CLAIMS = /* sql */ `
  select id as "taskId", lease_token as "leaseToken" from tasks
   where status in ('claimed', 'running') and lease_expires_at <= coalesce($1::timestamptz, now())
   order by lease_expires_at
   limit $2
     for update skip locked`

export interface SweepOptions {
  readonly limit: number
  readonly actor: string
  readonly now?: Date | null
}

/** Turns undecided tasks that have been pending for longer than the timeout into http_pull. Returns how many. */
export async function flipUndecided(
  db: Queryable,
  timeoutSeconds: number,
  options: SweepOptions,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'flip_undecided',
    text: FLIP_UNDECIDED,
    values: [options.now ?? null, timeoutSeconds, options.limit, options.actor],
  })
  return rows[0]?.count ?? 0
}

/** Makes scheduled tasks whose time has come pending. Returns how many. */
export async function makeDue(db: Queryable, options: SweepOptions): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'make_due',
    text: MAKE_DUE,
    values: [options.now ?? null, options.limit, TRANSITIONS.due.to, options.actor],
  })
  return rows[0]?.count ?? 0
}

/** Claims whose start deadline or lease has passed; orphans wait for takeOrphans instead. Those that somebody has locked are left for the next time. Each is settled under its own lock: it may be renewed meanwhile. */
export async function listExpiredClaims(
  db: Queryable,
  options: Pick<SweepOptions, 'limit' | 'now'>,
): Promise<ClaimIdentity[]> {
  const { rows } = await db.query<ClaimIdentity>({
    name: 'list_expired_claims',
    text: LIST_EXPIRED_CLAIMS,
    values: [options.now ?? null, options.limit],
  })
  return rows
}

export const SWEEP_STATEMENTS = {
  flip_undecided: FLIP_UNDECIDED,
  make_due: MAKE_DUE,
  list_expired_claims: LIST_EXPIRED_CLAIMS,
}
