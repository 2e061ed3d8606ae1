import type { AgentMode, Candidate, ExecutionMode, TaskStatus } from '@switchyard/core'
import type { Queryable } from './pool.ts'

const COUNT_UNFINISHED = /* sql */ `
  select status, execution_mode as "executionMode", count(*) as count from tasks
   where status not in ('succeeded', 'failed', 'cancelled')
   group by status, execution_mode`

const COUNT_ENDED_RECENTLY = /* sql */ `
  select status, execution_mode as "executionMode", count(*) as count from tasks
   where status in ('succeeded', 'failed', 'cancelled') and finished_at > now() - interval '24 hours'
   group by status, execution_mode`

const OLDEST_PENDING = /* sql */ `
  select extract(epoch from now() - min(pending_since))::double precision as seconds from tasks where status = 'pending'`

const COUNT_BY_REPOSITORY = /* sql */ `
  select repository, count(*) filter (where status in ('waiting', 'scheduled', 'pending')) as queued,
         count(*) filter (where status in ('claimed', 'running', 'orphaned')) as held
    from tasks
   where status not in ('succeeded', 'failed', 'cancelled')
   group by repository
   order by count(*) desc, repository
   limit 100`

const LIST_DISPATCHERS = /* sql */ `
  select id, started_at as "startedAt", last_cycle_at as "lastCycleAt", draining from dispatchers order by started_at`

const LIST_CANDIDATES = /* sql */ `
  select a.id as "agentId", a.execution_mode as "executionMode", a.labels, a.max_concurrent as "maxConcurrent", a.paused,
         (select count(*) from tasks t where t.agent_id = a.id and t.status in ('claimed', 'running', 'orphaned')) as held,
         h.cooling_down_until as "coolingDownUntil", h.last_error as "lastError",
         h.blocked_reason as "blockedReason", a.last_seen_at as "lastSeenAt"
    from agents a left join hosts h on h.id = a.id
   where ($1::text is null or a.execution_mode = $1)
   order by a.id
   limit $2`

const FIND_PREDECESSOR = /* sql */ `
  select id, status from tasks
   where concurrency_key = $1 and status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned')`

// In the lanes that everybody may use who may have this task: that they come first is certain.
const COUNT_AHEAD = /* sql */ `
  select count(*) as ahead
    from tasks this
    join lanes l on l.requires <@ this.requires
    join tasks t on t.lane = l.id and t.status = 'pending' and t.assigned_agent_id is null
                and (t.priority, t.turn, t.position) < (this.priority, this.turn, this.position)
   where this.id = $1`

const DATABASE_NOW = /* sql */ `select now() as now`

export interface QueueCount {
  readonly status: TaskStatus
  readonly executionMode: ExecutionMode
  readonly count: number
}

export interface Dispatcher {
  readonly id: string
  readonly startedAt: Date
  readonly lastCycleAt: Date
  readonly draining: boolean
}

export interface QueueState {
  /** Unfinished tasks, and those that ended in the last 24 hours. */
  readonly counts: readonly QueueCount[]
  /** null when nothing is pending. */
  readonly oldestPendingSeconds: number | null
  readonly repositories: readonly {
    readonly repository: string | null
    readonly queued: number
    readonly held: number
  }[]
  readonly dispatchers: readonly Dispatcher[]
}

/** How much there is to do, how old it is, and who is there to do it. */
export async function readQueue(db: Queryable): Promise<QueueState> {
  const unfinished = await db.query<QueueCount>({
    name: 'count_unfinished',
    text: COUNT_UNFINISHED,
    values: [],
  })
  const ended = await db.query<QueueCount>({
    name: 'count_ended_recently',
    text: COUNT_ENDED_RECENTLY,
    values: [],
  })
  const oldest = await db.query<{ seconds: number | null }>({
    name: 'oldest_pending',
    text: OLDEST_PENDING,
    values: [],
  })
  const repositories = await db.query<QueueState['repositories'][number]>({
    name: 'count_by_repository',
    text: COUNT_BY_REPOSITORY,
    values: [],
  })
  return {
    counts: [...unfinished.rows, ...ended.rows],
    oldestPendingSeconds: oldest.rows[0]?.seconds ?? null,
    repositories: repositories.rows,
    dispatchers: await listDispatchers(db),
  }
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

/** Everybody who could execute something, with what speaks for and against. */
export async function listCandidates(
  db: Queryable,
  mode: AgentMode | null,
  limit: number,
): Promise<Candidate[]> {
  const { rows } = await db.query<Candidate>({
    name: 'list_candidates',
    text: LIST_CANDIDATES,
    values: [mode, limit],
  })
  return rows
}

/** The unfinished task that a waiting one waits for, or null. */
export async function findPredecessor(
  db: Queryable,
  concurrencyKey: string,
): Promise<{ readonly id: string; readonly status: TaskStatus } | null> {
  const { rows } = await db.query<{ id: string; status: TaskStatus }>({
    name: 'find_predecessor',
    text: FIND_PREDECESSOR,
    values: [concurrencyKey],
  })
  return rows[0] ?? null
}

/** How many pending tasks, which everybody may take who may take this one, stand before it in the queue. */
export async function countAhead(db: Queryable, taskId: string): Promise<number> {
  const { rows } = await db.query<{ ahead: number }>({
    name: 'count_ahead',
    text: COUNT_AHEAD,
    values: [taskId],
  })
  return rows[0]?.ahead ?? 0
}

/** The database's clock; throws when the database is away. */
export async function readDatabaseClock(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>({ name: 'database_now', text: DATABASE_NOW, values: [] })
  const row = rows[0]
  if (row === undefined) throw new Error('select now() returned no row')
  return row.now
}

export const QUEUE_STATEMENTS = {
  count_unfinished: COUNT_UNFINISHED,
  count_ended_recently: COUNT_ENDED_RECENTLY,
  oldest_pending: OLDEST_PENDING,
  count_by_repository: COUNT_BY_REPOSITORY,
  list_dispatchers: LIST_DISPATCHERS,
  list_candidates: LIST_CANDIDATES,
  find_predecessor: FIND_PREDECESSOR,
  count_ahead: COUNT_AHEAD,
  database_now: DATABASE_NOW,
}
