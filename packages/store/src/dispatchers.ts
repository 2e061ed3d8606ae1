import type { Queryable } from './pool.ts'

const REPORT_DISPATCHER = /* sql */ `
  insert into dispatchers (id, draining) values ($1, $2)
  on conflict (id) do update set last_cycle_at = now(), draining = excluded.draining`

const LIST_DISPATCHERS = /* sql */ `
  select id, started_at as "startedAt", last_cycle_at as "lastCycleAt", draining from dispatchers order by started_at`

const REMOVE_DISPATCHER = /* sql */ `delete from dispatchers where id = $1`

const REMOVE_DEAD_DISPATCHERS = /* sql */ `
  delete from dispatchers where last_cycle_at < now() - make_interval(secs => $1)`

export interface Dispatcher {
  readonly id: string
  readonly startedAt: Date
  readonly lastCycleAt: Date
  readonly draining: boolean
}

/** Notes that this replica is alive. */
export async function reportDispatcher(db: Queryable, id: string, draining: boolean): Promise<void> {
  await db.query({ name: 'report_dispatcher', text: REPORT_DISPATCHER, values: [id, draining] })
}

/** Dispatcher replicas that have registered, alive or not long gone. */
export async function listDispatchers(db: Queryable): Promise<Dispatcher[]> {
  const { rows } = await db.query<Dispatcher>({
    name: 'list_dispatchers',
    text: LIST_DISPATCHERS,
    values: [],
  })
  return rows
}

/** Takes a replica that stopped in order off the list. */
export async function removeDispatcher(db: Queryable, id: string): Promise<void> {
  await db.query({ name: 'remove_dispatcher', text: REMOVE_DISPATCHER, values: [id] })
}

/** Takes replicas off the list that have been silent for longer than the given time. */
export async function removeDeadDispatchers(db: Queryable, silentSeconds: number): Promise<void> {
  await db.query({ name: 'remove_dead_dispatchers', text: REMOVE_DEAD_DISPATCHERS, values: [silentSeconds] })
}

export const DISPATCHER_STATEMENTS = {
  report_dispatcher: REPORT_DISPATCHER,
  list_dispatchers: LIST_DISPATCHERS,
  remove_dispatcher: REMOVE_DISPATCHER,
  remove_dead_dispatchers: REMOVE_DEAD_DISPATCHERS,
}
