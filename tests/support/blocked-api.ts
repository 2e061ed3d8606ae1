import type { Pool, Queryable } from '@switchyard/store'

/** Backends of the API that wait for a lock. */
export async function blockedBackends(db: Queryable): Promise<readonly number[]> {
  const { rows } = await db.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = current_database() and application_name = 'switchyard-api' and wait_event_type = 'Lock'`,
  )
  return rows.map(({ pid }) => pid)
}

/** Whoever wants the table waits, half-way through what it does, until the returned function is called. */
export async function closeTable(
  pool: Pool,
  table: 'tasks' | 'task_events',
  mode: 'share' | 'access exclusive',
): Promise<() => Promise<void>> {
  const locker = await pool.connect()
  await locker.query('begin')
  await locker.query(`lock table ${table} in ${mode} mode`)
  return async () => {
    await locker.query('rollback')
    locker.release()
  }
}

/** Nothing can be written to the events: whatever changes a task stops half-way. */
export const closeEvents = (pool: Pool): Promise<() => Promise<void>> =>
  closeTable(pool, 'task_events', 'share')
