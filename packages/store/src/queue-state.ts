import type { ExecutionMode, TaskStatus } from '@switchyard/core'
import type { Queryable } from './pool.ts'

// All that is unfinished, read once. By repository the hundred with most.
const COUNT_UNFINISHED = /* sql */ `
  with unfinished as materialized (
    select status, execution_mode, repository, count(*) as count, min(pending_since) filter (where status = 'pending') as oldest
      from tasks
     where finished_at is null
     group by status, execution_mode, repository)
  select coalesce((select json_agg(modes) from (
           select status, execution_mode as "executionMode", sum(count)::bigint as count
             from unfinished group by status, execution_mode) modes), '[]') as counts,
         coalesce((select json_agg(most) from (
           select repository, coalesce(sum(count) filter (where status in ('waiting', 'scheduled', 'pending')), 0)::bigint as queued,
                  coalesce(sum(count) filter (where status in ('claimed', 'running', 'orphaned')), 0)::bigint as held
             from unfinished group by repository order by sum(count) desc, repository limit 100) most), '[]') as repositories,
         extract(epoch from now() - (select min(oldest) from unfinished))::double precision as "oldestPendingSeconds",
         now() as "countedAt"`

const COUNT_ENDED_RECENTLY = /* sql */ `
  select status, execution_mode as "executionMode", count(*) as count from tasks
   where status in ('succeeded', 'failed', 'cancelled') and finished_at > now() - interval '24 hours'
   group by status, execution_mode`

export interface QueueCount {
  readonly status: TaskStatus
  readonly executionMode: ExecutionMode
  readonly count: number
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
  /** All of it is as it was then. */
  readonly countedAt: Date
}

/** How much there is to do and how old it is. It looks at each task that it counts: about a second for a million. */
export async function readQueue(db: Queryable): Promise<QueueState> {
  const unfinished = await db.query<QueueState>({
    name: 'count_unfinished',
    text: COUNT_UNFINISHED,
    values: [],
  })
  const ended = await db.query<QueueCount>({
    name: 'count_ended_recently',
    text: COUNT_ENDED_RECENTLY,
    values: [],
  })
  const [state] = unfinished.rows
  if (state === undefined) throw new Error('counting tasks returned no row')
  return { ...state, counts: [...state.counts, ...ended.rows] }
}

export const QUEUE_STATE_STATEMENTS = {
  count_unfinished: COUNT_UNFINISHED,
  count_ended_recently: COUNT_ENDED_RECENTLY,
}
