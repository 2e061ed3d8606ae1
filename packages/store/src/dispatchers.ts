import type { Queryable } from './pool.ts'

const REPORT_DISPATCHER = /* sql */ `
  insert into dispatchers (id, draining, silence_seconds) values ($1, $2, $3)
  on conflict (id) do update
     set last_cycle_at = now(), draining = excluded.draining, silence_seconds = excluded.silence_seconds`

const LIST_DISPATCHERS = /* sql */ `
  select id, started_at as "startedAt", last_cycle_at as "lastCycleAt", draining
    from dispatchers
   where last_cycle_at >= now() - make_interval(secs => silence_seconds)
   order by started_at`

const REMOVE_DISPATCHER = /* sql */ `delete from dispatchers where id = $1`

const REMOVE_DEAD_DISPATCHERS = /* sql */ `
  delete from dispatchers where last_cycle_at < now() - make_interval(secs => silence_seconds)`

export interface Dispatcher {
  readonly id: string
  readonly startedAt: Date
  readonly lastCycleAt: Date
  readonly draining: boolean
}

export interface DispatcherReport {
  readonly id: string
  readonly draining: boolean
  /** How long it may say nothing and still be alive. */
  readonly silenceSeconds: number
}

/** Notes that this replica is alive. */
export async function reportDispatcher(
  db: Queryable,
  { id, draining, silenceSeconds }: DispatcherReport,
): Promise<void> {
  await db.query({
    name: 'report_dispatcher',
    text: REPORT_DISPATCHER,
    values: [id, draining, silenceSeconds],
  })
}

/** The dispatcher replicas that are alive, those that stop as well: dead ones stay in the table while nobody removes them. */
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

/** Forgets replicas that ended without a word. */
export async function removeDeadDispatchers(db: Queryable): Promise<void> {
  await db.query({ name: 'remove_dead_dispatchers', text: REMOVE_DEAD_DISPATCHERS, values: [] })
}

export const DISPATCHER_STATEMENTS = {
  report_dispatcher: REPORT_DISPATCHER,
  list_dispatchers: LIST_DISPATCHERS,
  remove_dispatcher: REMOVE_DISPATCHER,
  remove_dead_dispatchers: REMOVE_DEAD_DISPATCHERS,
}
