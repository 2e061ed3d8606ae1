import type { Queryable } from './pool.ts'

// By labels, which many hosts share: which of a thousand hosts something fits is one question for each set.
const LIST_HOST_LABELS = /* sql */ `
  select labels, json_agg(id) as "hostIds" from agents
   where execution_mode = 'ssh_cli' and not paused and ($1::text[] is null or id = any($1))
   group by labels`

// Host by host, each by its id: that is what "offset 0" is for. Free to choose, the planner goes through all ids for each host, or
// through all that is held, whenever it expects few hosts: a thousand of them then take half a second instead of milliseconds. The
// select around $1: see COMPLETE_CLAIMS.
const READY_HOSTS = /* sql */ `
  select a.id, a.labels, a.max_concurrent as "maxConcurrent", h."isProbe", held.slots as held, held.starting
    from agents a
   cross join lateral (
     select failures > 0 as "isProbe" from hosts
      where id = a.id and blocked_reason is null
        and (cooling_down_until is null or cooling_down_until <= coalesce($2::timestamptz, now()))
     offset 0) h
   cross join lateral (
     select count(*) as slots, count(*) filter (where status = 'claimed') as starting from tasks
      where agent_id = a.id and status in ('claimed', 'running', 'orphaned')) held
   where a.id = any((select $1::text[])::text[]) and not a.paused`

// A host that another replica is looking at right now is skipped: it gets its tasks from that replica.
const LOCK_HOSTS = /* sql */ `
  select id from agents where id = any($1::text[]) for no key update skip locked`

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

/** Hosts with the same labels. */
export interface LabelledHosts {
  readonly labels: readonly string[]
  readonly hostIds: readonly string[]
}

/** The hosts, of these or of all, that are not paused, by their labels. */
export async function listHostLabels(
  db: Queryable,
  hostIds: readonly string[] | null,
): Promise<LabelledHosts[]> {
  const { rows } = await db.query<LabelledHosts>({
    name: 'list_host_labels',
    text: LIST_HOST_LABELS,
    values: [hostIds],
  })
  return rows
}

/** Those of the hosts that are neither paused, cooling down nor blocked: a check may have found that every run would fail. */
export async function listReadyHosts(
  db: Queryable,
  hostIds: readonly string[],
  now: Date | null,
): Promise<ReadyHost[]> {
  const { rows } = await db.query<ReadyHost>({
    name: 'ready_hosts',
    text: READY_HOSTS,
    values: [hostIds, now],
  })
  return rows
}

/** Locks those that nobody else has locked, until the transaction ends. */
export async function lockHosts(db: Queryable, hostIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'lock_hosts',
    text: LOCK_HOSTS,
    values: [hostIds],
  })
  return rows.map(({ id }) => id)
}

export const HOST_STANDING_STATEMENTS = {
  list_host_labels: LIST_HOST_LABELS,
  ready_hosts: READY_HOSTS,
  lock_hosts: LOCK_HOSTS,
}
