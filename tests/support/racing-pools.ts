import { createPool, inTransaction } from '@switchyard/store'
import type { Pool, Queryable } from '@switchyard/store'
import type { TestDatabase } from './database.ts'

/** A pool of one connection, whose backend is known by its number. */
export interface RacingPool {
  readonly pool: Pool
  readonly pid: number
  readonly end: () => Promise<void>
}

/** One side of a race. */
export async function openRacingPool({ connectionString }: TestDatabase): Promise<RacingPool> {
  const pool = createPool({ connectionString, applicationName: 'race', maxConnections: 1 })
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  return { pool, pid: rows[0]!.pid, end: () => pool.end() }
}

/** A pool whose transactions, when they wrote or locked something, stop right before their commit until they are released. */
export interface HeldPool {
  readonly pool: Pool
  /** Fulfilled when the first transaction has done everything but its commit. */
  readonly reachedCommit: Promise<void>
  readonly release: () => void
}

type Statement = string | { readonly name: string; readonly text: string; readonly values: unknown[] }

/** Makes the winner of a race stand still at the moment that matters. Single statements get a transaction too. */
export function holdBeforeCommit(pool: Pool): HeldPool {
  const reached = signal()
  const released = signal()
  const connect = async (): Promise<unknown> => {
    const connection = await pool.connect()
    return {
      query: async (statement: Statement): Promise<unknown> => {
        if (statement === 'commit' && (await hasWritten(connection))) {
          reached.give()
          await released.given
        }
        return typeof statement === 'string' ? connection.query(statement) : connection.query(statement)
      },
      release: connection.release.bind(connection),
      on: connection.on.bind(connection),
      off: connection.off.bind(connection),
    }
  }
  const query = (statement: Statement): Promise<unknown> =>
    inTransaction(held, (connection) =>
      typeof statement === 'string' ? connection.query(statement) : connection.query(statement),
    )
  const held = { connect, query } as unknown as Pool
  return { pool: held, reachedCommit: reached.given, release: released.give }
}

async function hasWritten(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ wrote: boolean }>(
    'select pg_current_xact_id_if_assigned() is not null as wrote',
  )
  return rows[0]?.wrote === true
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give: () => give() }
}
