import type { Queryable } from './pool.ts'

// Tasks first: what hangs on them is found through the ids that were deleted. Everything is found by arrays: the planner cannot know the limit, and
// would read all events and logs to join them with that many tasks.
const DELETE_OLD_TASKS = /* sql */ `
  with old as materialized (
    select t.ctid as place from tasks t
     where t.status in ('succeeded', 'failed', 'cancelled') and t.finished_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)
     order by t.finished_at
     limit $3
       for update skip locked
  ), deleted as (
    delete from tasks t where t.ctid = any(array(select place from old)) returning t.id
  ), events as (
    delete from task_events e where e.task_id = any(array(select id from deleted))
  ), logs as (
    delete from task_logs l where l.task_id = any(array(select id from deleted))
  )
  select count(*) as count from deleted`

const DELETE_OLD_DELIVERIES = /* sql */ `
  with old as materialized (
    select d.ctid as place from deliveries d
     where d.received_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)
     order by d.received_at
     limit $3
       for update skip locked
  ), deleted as (
    delete from deliveries d where d.ctid = any(array(select place from old)) returning d.id
  )
  select count(*) as count from deleted`

export interface RetentionOptions {
  readonly days: number
  readonly limit: number
  readonly now?: Date | null
}

/** Deletes tasks that ended before the given number of days, with their events and logs. Returns how many. */
export function deleteOldTasks(db: Queryable, options: RetentionOptions): Promise<number> {
  return deleteBatch(db, 'delete_old_tasks', DELETE_OLD_TASKS, options)
}

/** Deletes deliveries that were received before the given number of days. Returns how many. */
export function deleteOldDeliveries(db: Queryable, options: RetentionOptions): Promise<number> {
  return deleteBatch(db, 'delete_old_deliveries', DELETE_OLD_DELIVERIES, options)
}

async function deleteBatch(
  db: Queryable,
  name: string,
  text: string,
  options: RetentionOptions,
): Promise<number> {
  const values = [options.now ?? null, options.days, options.limit]
  const { rows } = await db.query<{ count: number }>({ name, text, values })
  return rows[0]?.count ?? 0
}

export const RETENTION_STATEMENTS = {
  delete_old_tasks: DELETE_OLD_TASKS,
  delete_old_deliveries: DELETE_OLD_DELIVERIES,
}
