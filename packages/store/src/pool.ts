import pg from 'pg'

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
  /** false: no prepared statements, for a PgBouncer in transaction mode, which hands each transaction to another backend. Default: true. */
  readonly namedStatements?: boolean
  /** Told about connections that die while idle, such as at a PostgreSQL restart. */
  readonly onIdleError?: (error: Error) => void
}

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
    // A network that swallows packets answers nothing at all: without a limit, a query would wait for TCP to give up.
    query_timeout: 30_000,
    types,
    Client: options.namedStatements === false ? UnnamingClient : pg.Client,
  })
  pool.on('error', (error) => options.onIdleError?.(error))
  return pool
}

/**
 * Runs `work` in one transaction: commits what it returns, rolls back what it throws. A connection that was cut, or that
 * cannot even roll back, is destroyed, never put back into the pool.
 */
export async function inTransaction<T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let broken: Error | undefined
  // The pool listens to idle connections only: without this one, a connection cut within a transaction ends the process.
  const onError = (error: Error): void => {
    broken = error
  }
  connection.on('error', onError)
  try {
    await connection.query('begin')
    const result = await work(connection)
    await connection.query('commit')
    return result
  } catch (error) {
    await connection.query('rollback').catch((rollbackError: unknown) => {
      broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError))
    })
    throw error
  } finally {
    connection.release(broken)
    connection.off('error', onError)
  }
}
