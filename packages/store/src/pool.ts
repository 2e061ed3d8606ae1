import pg from 'pg'
import { isUnanswered } from './database-errors.ts'

/** What a statement needs: a pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>
export type Pool = pg.Pool
export type Connection = pg.PoolClient

export interface PoolOptions {
  readonly connectionString: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** Most connections held at a time. */
  readonly maxConnections?: number
  /**
   * true: it goes through a PgBouncer in transaction mode, which hands each transaction to another backend. Then there are no prepared
   * statements, and nothing is set for a session. Default: false.
   */
  readonly transactionPooling?: boolean
  /** How long a statement waits for somebody's lock; without effect with transactionPooling. Default: 20 s. */
  readonly lockTimeoutMilliseconds?: number
  /** Told about connections that die while idle, such as at a PostgreSQL restart. */
  readonly onIdleError?: (error: Error) => void
}

/** A network that swallows packets answers nothing at all: without a limit, a query would wait for TCP to give up. */
const QUERY_MILLISECONDS = 30_000
/** Sooner than that: a statement to which nobody listens any more would wait on, and hold a backend, for as long as the lock is held. */
const LOCK_MILLISECONDS = 20_000
/** A machine that dies in a transaction says no goodbye: what it locked is free after this. */
const IDLE_IN_TRANSACTION_MILLISECONDS = 60_000
const SET_TIMEOUTS = /* sql */ `
  select set_config('lock_timeout', $1, false), set_config('idle_in_transaction_session_timeout', $2, false)`

/** Sends every statement without its name: it is parsed where it runs, each time. */
class UnnamingClient extends pg.Client {
  // pg calls its own method by this signature; which of the many overloads is meant is for the caller to know.
  override query(...[statement, ...rest]: unknown[]): never {
    const unnamed =
      typeof statement === 'object' && statement !== null && 'name' in statement
        ? { ...statement, name: undefined }
        : statement
    return (super.query as (...parameters: unknown[]) => never)(unnamed, ...rest)
  }
}

/**
 * A pool that survives a PostgreSQL restart. Without an 'error' listener an idle connection that is cut ends the
 * process (node-postgres documentation, pg.Pool events).
 */
export function createPool(options: PoolOptions): Pool {
  const types = new pg.TypeOverrides()
  // Counts, byte offsets and positions: all far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    query_timeout: QUERY_MILLISECONDS,
    types,
    ...(options.transactionPooling === true ? { Client: UnnamingClient } : sessionOf(options)),
  })
  pool.on('error', (error) => options.onIdleError?.(error))
  return pool
}

/** Each connection is told its limits before its first use: as parameters of its start, a PgBouncer in session mode would refuse them. */
function sessionOf({ lockTimeoutMilliseconds = LOCK_MILLISECONDS }: PoolOptions) {
  const timeouts = [lockTimeoutMilliseconds, IDLE_IN_TRANSACTION_MILLISECONDS].map(String)
  return { onConnect: (client: pg.ClientBase) => client.query(SET_TIMEOUTS, timeouts) }
}

export interface TransactionOptions {
  /** Statements that would wait for somebody's lock fail: for what can as well be done later. */
  readonly impatient?: boolean
}

/** Other transactions of ours hold their locks for milliseconds: who holds one for longer than this is not waited for. */
const BEGIN_IMPATIENTLY = /* sql */ `begin; set local lock_timeout = '200ms'`

/**
 * Runs `work` in one transaction: commits what it returns, rolls back what it throws. A connection that was cut, that is still
 * busy, or that cannot even roll back, is destroyed, never put back into the pool.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (connection: Connection) => Promise<T>,
  { impatient = false }: TransactionOptions = {},
): Promise<T> {
  const connection = await pool.connect()
  let broken: Error | undefined
  // The pool listens to idle connections only: without this one, a connection cut within a transaction ends the process.
  const onError = (error: Error): void => {
    broken = error
  }
  connection.on('error', onError)
  try {
    await connection.query(impatient ? BEGIN_IMPATIENTLY : 'begin')
    const result = await work(connection)
    await connection.query('commit')
    return result
  } catch (error) {
    // A rollback would wait behind the statement that did not come to an end.
    if (isUnanswered(error)) broken = asError(error)
    else await connection.query('rollback').catch((failure: unknown) => (broken = asError(failure)))
    throw error
  } finally {
    connection.release(broken)
    connection.off('error', onError)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
