import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPool, inTransaction, isDatabaseUnavailable, isHeldUp, isLockTimeout } from '@switchyard/store'
import type { Pool, PoolOptions } from '@switchyard/store'
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

  it('does not wait for a statement that did not come to an end in time', async () => {
    const before = performance.now()
    const work = inTransaction(pool, (connection) => {
      const unhurried = { text: 'select pg_sleep(20)', query_timeout: 50 }
      return connection.query(unhurried)
    })
    const error: unknown = await work.catch((reason: unknown) => reason)
    expect(performance.now() - before).toBeLessThan(10_000)
    expect([isDatabaseUnavailable(error), isHeldUp(error), isLockTimeout(error)]).toEqual([true, true, false])
    expect(await inTransaction(pool, pidOf)).toBeGreaterThan(0)
  })

  it('waits for locks and for an idle transaction only for so long, unless transactions are pooled', async () => {
    const limitsOf = async (options: Partial<PoolOptions>): Promise<unknown> => {
      const { connectionString } = database
      const own = createPool({ connectionString, applicationName: 'limits', maxConnections: 1, ...options })
      const { rows } = await own.query(
        `select current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle`,
      )
      await own.end()
      return rows[0]
    }
    expect(await limitsOf({})).toEqual({ lock: '20s', idle: '1min' })
    expect(await limitsOf({ lockTimeoutMilliseconds: 100 })).toEqual({ lock: '100ms', idle: '1min' })
    expect(await limitsOf({ transactionPooling: true })).toEqual({ lock: '0', idle: '0' })
  })

  it('gives up an impatient transaction that meets a lock, and nothing but that', async () => {
    const holder = await database.pool.connect()
    await holder.query('select pg_advisory_lock(2)')
    const lock = (connection: Pick<Pool, 'query'>) => connection.query('select pg_advisory_xact_lock(2)')
    const error: unknown = await inTransaction(pool, lock, { impatient: true }).catch(
      (reason: unknown) => reason,
    )
    expect([isDatabaseUnavailable(error), isHeldUp(error), isLockTimeout(error)]).toEqual([true, true, true])
    holder.release(true)
    await inTransaction(pool, lock)
    const { rows } = await pool.query('show lock_timeout')
    expect(rows).toEqual([{ lock_timeout: '20s' }])
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
