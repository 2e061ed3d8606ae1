import type { Queryable } from './pool.ts'

const DATABASE_NOW = /* sql */ `select now() as now`

/** The database's clock; throws when the database is away. */
export async function readDatabaseClock(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>({ name: 'database_now', text: DATABASE_NOW, values: [] })
  const row = rows[0]
  if (row === undefined) throw new Error('select now() returned no row')
  return row.now
}

export const DATABASE_CLOCK_STATEMENTS = { database_now: DATABASE_NOW }
