import type { Pool } from '@switchyard/store'

const ROWS_PER_STATEMENT = 50_000

/**
 * Copies a task that was made the usual way, as it is now, so that a million of them take a minute and not an hour. The columns are
 * asked for, so that it goes on working when there are more of them; only the id and the position are new.
 */
export async function copyTask(pool: Pool, id: string, count: number): Promise<void> {
  await copyRows(pool, count, { table: 'tasks', where: 'id = $1', id, fresh: { id: 'uuidv7()' } })
}

/** As copyTask, of a task that has ended, with as many events of its kind as it had. */
export async function copyEndedTask(pool: Pool, id: string, count: number): Promise<void> {
  await copyTask(pool, id, count)
  // Each copy's events belong to a task of nobody: what counts is the size of the table and its indexes.
  await copyRows(pool, count, {
    table: 'task_events',
    where: 'task_id = $1',
    id,
    fresh: { task_id: 'uuidv7()' },
  })
}

/** As autovacuum would leave it, so that no measure begins with its work. */
export async function settleTables(pool: Pool): Promise<void> {
  await pool.query('vacuum (analyze) tasks')
  await pool.query('vacuum (analyze) task_events')
}

interface RowCopy {
  readonly table: string
  readonly where: string
  readonly id: string
  readonly fresh: Readonly<Record<string, string>>
}

async function copyRows(pool: Pool, count: number, { table, where, id, fresh }: RowCopy): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    // Identities and generated columns come by themselves; so does the position, from its sequence.
    `select column_name as name from information_schema.columns
      where table_schema = current_schema() and table_name = $1
        and is_generated = 'NEVER' and is_identity = 'NO' and column_name <> 'position'
      order by ordinal_position`,
    [table],
  )
  const names = rows.map(({ name }) => `"${name}"`).join(', ')
  const values = rows.map(({ name }) => fresh[name] ?? `original."${name}"`).join(', ')
  for (let left = count; left > 0; left -= ROWS_PER_STATEMENT) {
    await pool.query(
      `insert into ${table} (${names})
       select ${values} from ${table} original, generate_series(1, $2::integer) where original.${where}`,
      [id, Math.min(left, ROWS_PER_STATEMENT)],
    )
  }
}
