import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPool, inTransaction, isDatabaseUnavailable } from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let pool: Pool
const idleErrors: Error[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  pool = createPool({
    connectionString: database.connectionString,
    applicationName: 'victim',
    maxConnections: 2,
    onIdleError: (error) => idleErrors.push(error),
  })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

async function pidOf(connection: Pick<Pool, 'query'>): Promise<number> {
  const { rows } = await connection.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]!.pid
}

async function cut(pid: number): Promise<void> {
  await database.pool.query('select pg_terminate_backend($1, 5000)', [pid])
}

describe('a pool', () => {
  it('survives a connection that is cut while it is idle', async () => {
    const removed = new Promise((resolve) => pool.once('remove', resolve))
    await cut(await pidOf(pool))
    await removed
    expect(idleErrors).toHaveLength(1)
    expect(await pidOf(pool)).toBeGreaterThan(0)
  })

  it('survives a connection that is cut within a transaction, and says that the database was away', async () => {
    const work = inTransaction(pool, async (connection) => {
      await cut(await pidOf(connection))
      return pidOf(connection)
    })
    const error: unknown = await work.catch((reason: unknown) => reason)
    expect(isDatabaseUnavailable(error)).toBe(true)
    expect(await inTransaction(pool, pidOf)).toBeGreaterThan(0)
    expect(pool.totalCount).toBeLessThanOrEqual(2)
  })

  it('survives a connection that is cut while it waits for a statement', async () => {
    const connection = await database.pool.connect()
    await connection.query('select pg_advisory_lock(1)')
    let victim = 0
    const work = inTransaction(pool, async (blocked) => {
      victim = await pidOf(blocked)
      const waiting = blocked.query('select pg_advisory_lock(1)')
      await cut(victim)
      await waiting
    })
    const error: unknown = await work.catch((reason: unknown) => reason)
    connection.release(true)
    expect(isDatabaseUnavailable(error)).toBe(true)
    expect(await inTransaction(pool, pidOf)).not.toBe(victim)
  })

  it('rolls back what throws, and passes the error on', async () => {
    await pool.query('create table kept (id integer primary key)')
    const work = inTransaction(pool, async (connection) => {
      await connection.query('insert into kept values (1)')
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect((await pool.query('select * from kept')).rows).toEqual([])
    expect(isDatabaseUnavailable(new Error('no'))).toBe(false)
  })

  it('reads counts and offsets as numbers', async () => {
    expect((await pool.query('select 9007199254740991::bigint as big')).rows).toEqual([
      { big: Number.MAX_SAFE_INTEGER },
    ])
  })
})
