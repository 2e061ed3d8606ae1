import type { Queryable } from './pool.ts'

const READY_HOSTS = /* sql */ `
  select a.id, a.labels, a.max_concurrent as "maxConcurrent", h.failures > 0 as "isProbe",
         coalesce(held.slots, 0) as held, coalesce(held.starting, 0) as starting
    from agents a join hosts h on h.id = a.id
    left join (
      select agent_id, count(*) as slots, count(*) filter (where status = 'claimed') as starting
        from tasks where status in ('claimed', 'running', 'orphaned') group by agent_id) held on held.agent_id = a.id
   where ($1::text[] is null or a.id = any($1)) and not a.paused and h.blocked_reason is null
     and (h.cooling_down_until is null or h.cooling_down_until <= coalesce($2::timestamptz, now()))`

// A host that another replica is looking at right now is skipped: it gets its tasks from that replica. One on which a check
// found that every run would fail gets none until a check is good. By id: all lock in the same order.
const LOCK_READY_HOSTS = /* sql */ `
  select a.id from agents a join hosts h on h.id = a.id
   where a.id = any($1::text[]) and not a.paused and h.blocked_reason is null
     and (h.cooling_down_until is null or h.cooling_down_until <= coalesce($2::timestamptz, now()))
   order by a.id
     for no key update of a skip locked`

// Lanes in which something waits for a host, and what is reserved for single ones. The order says which index is to be read
// (tasks_push_queue): without it the planner would read the table to find one row of a lane that has most of them.
const LIST_OPEN_LANES = /* sql */ `
  select l.requires, null::text as "agentId" from lanes l
   where exists (select 1 from (values (1::smallint), (2::smallint), (3::smallint), (4::smallint)) as p(priority)
                  cross join lateral (select 1 from tasks t
                    where t.status = 'pending' and t.assigned_agent_id is null and t.execution_mode in ('ssh_cli', 'undecided')
                      and t.lane = l.id and t.priority = p.priority
                    order by t.turn, t.position limit 1) head)
   union all
  select null, assigned_agent_id from tasks
   where status = 'pending' and assigned_agent_id is not null and execution_mode = 'ssh_cli'
   group by assigned_agent_id`

/** A host that may be given something, as it was when it was looked at. */
export interface ReadyHost {
  readonly id: string
  readonly labels: readonly string[]
  readonly maxConcurrent: number | null
  /** Its last dial failed: one task at a time until one works. */
  readonly isProbe: boolean
  readonly held: number
  /** Of those held, how many have not started. */
  readonly starting: number
}

/** How many tasks it may be given. */
export function freeSlots({ maxConcurrent, isProbe, held, starting }: ReadyHost): number {
  const free = (maxConcurrent ?? 1) - held
  return Math.max(0, isProbe ? Math.min(free, 1 - starting) : free)
}

/** The hosts, of these or of all, that are neither paused, cooling down nor blocked. */
export async function listReadyHosts(
  db: Queryable,
  hostIds: readonly string[] | null,
  now: Date | null,
): Promise<ReadyHost[]> {
  const { rows } = await db.query<ReadyHost>({
    name: 'ready_hosts',
    text: READY_HOSTS,
    values: [hostIds, now],
  })
  return rows
}

/** Locks those that are still ready and that nobody else has locked, until the transaction ends. */
export async function lockReadyHosts(
  db: Queryable,
  hostIds: readonly string[],
  now: Date | null,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'lock_ready_hosts',
    text: LOCK_READY_HOSTS,
    values: [hostIds, now],
  })
  return rows.map(({ id }) => id)
}

/** What waits for hosts: the sets of labels that are required, and the hosts for which something is reserved. */
export async function listOpenLanes(
  db: Queryable,
): Promise<{ readonly requires: readonly (readonly string[])[]; readonly hostIds: ReadonlySet<string> }> {
  const { rows } = await db.query<{ requires: string[] | null; agentId: string | null }>({
    name: 'list_open_lanes',
    text: LIST_OPEN_LANES,
    values: [],
  })
  return {
    requires: rows.flatMap(({ requires }) => (requires === null ? [] : [requires])),
    hostIds: new Set(rows.flatMap(({ agentId }) => (agentId === null ? [] : [agentId]))),
  }
}

export const HOST_STANDING_STATEMENTS = {
  ready_hosts: READY_HOSTS,
  lock_ready_hosts: LOCK_READY_HOSTS,
  list_open_lanes: LIST_OPEN_LANES,
}
