import type { Queryable } from './pool.ts'

// Tasks first: what hangs on them is found through the ids that were deleted. From arrays, because the planner takes a limit that it does
// not know to be a tenth of the table, and would join that with the whole of the others.
const DELETE_OLD_TASKS = /* sql */ `
  with old as materialized (
    select id from tasks
     where status in ('succeeded', 'failed', 'cancelled') and finished_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)
     order by finished_at
     limit $3
       for update skip locked
  ), deleted as (
    delete from tasks t where t.id = any(array(select id from old)) returning t.id
  ), events as (
    delete from task_events e where e.task_id = any(array(select id from deleted))
  ), logs as (
    delete from task_logs l where l.task_id = any(array(select id from deleted))
  )
  select count(*) as count from deleted`

const DELETE_OLD_DELIVERIES = /* sql */ `
  with old as materialized (
    select id from deliveries
     where received_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)
     order by received_at
     limit $3
       for update skip locked
  ), deleted as (
    delete from deliveries d where d.id = any(array(select id from old)) returning d.id
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
