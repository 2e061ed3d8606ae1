import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createPool, getTask } from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh } from '../../support/fake-ssh.ts'
import { at } from '../../support/fixed-clock.ts'
import { testReplica } from '../../support/replica.ts'
import type { TestReplica } from '../../support/replica.ts'
import { addHost, addTask, claimedTask } from '../../support/task-factory.ts'

describe('a cycle beside somebody who holds locks', () => {
  let database: TestDatabase
  let cyclePool: Pool
  let replica: TestReplica
  beforeEach(async () => {
    database = await createTestDatabase()
    const { connectionString } = database
    cyclePool = createPool({ connectionString, applicationName: 'cycles', lockTimeoutMilliseconds: 200 })
    replica = testReplica(database.pool, fakeSsh(), { cyclePool })
  })
  afterEach(async () => {
    await cyclePool.end()
    await database.drop()
  })

  /** Does something while a transaction that nobody ends has the locks of a statement. */
  async function beside(statement: string, values: unknown[], work: () => Promise<void>): Promise<void> {
    const connection = await database.pool.connect()
    try {
      await connection.query('begin')
      await connection.query(statement, values)
      await work()
      await connection.query('rollback')
    } finally {
      connection.release()
    }
  }

  it('takes back the other claims that expired, and that one later', async () => {
    const locked = await claimedTask(database.pool)
    const free = await claimedTask(database.pool)
    await addHost(database.pool)
    const fitting = await addTask(database.pool, { requires: [] })
    replica.clock.set(at(30))
    await beside('select from tasks where id = $1 for update', [locked.taskId], async () => {
      expect(await replica.cycle()).toMatchObject({ expired: 1, claimed: 1, failedPhases: [] })
    })
    await replica.runs.idle()
    expect(await getTask(database.pool, free.taskId)).toMatchObject({ attempt: 0, agentId: null })
    expect(await getTask(database.pool, fitting.id)).toMatchObject({ status: 'succeeded' })
    expect(await replica.cycle()).toMatchObject({ expired: 1 })
  })

  it('waits for none of the locks that an expiry may need, and takes back the other claims', async () => {
    const locked = await claimedTask(database.pool)
    const free = await claimedTask(database.pool)
    const { requires } = locked.task
    await database.pool.query(`update lanes set unused_since = now() where requires = $1`, [requires])
    replica.clock.set(at(30))
    await beside('select from lanes where requires = $1 for update', [requires], async () => {
      expect(await replica.cycle()).toMatchObject({ expired: 1, failedPhases: [] })
    })
    expect(await getTask(database.pool, free.taskId)).toMatchObject({ attempt: 0 })
    expect(await replica.metrics.text()).toMatch(
      /^switchyard_dispatch_phase_failures_total{phase="expire"} 1$/m,
    )
    expect(await replica.cycle()).toMatchObject({ expired: 1 })
  })

  it('lets in what waits for other keys, and nobody before the first of its key', async () => {
    const keys = ['locked', 'free']
    const firsts: string[] = []
    for (const concurrencyKey of keys) {
      await addTask(database.pool, { concurrencyKey })
      firsts.push((await addTask(database.pool, { concurrencyKey })).id)
      await addTask(database.pool, { concurrencyKey })
    }
    // As processes leave them that die right after the end.
    await database.pool.query(
      `update tasks set status = 'cancelled', finished_at = now() where status = 'pending'`,
    )
    await beside('select from tasks where id = $1 for update', firsts.slice(0, 1), async () => {
      expect(await replica.cycle()).toMatchObject({ admitted: 1, failedPhases: [] })
    })
    expect(await replica.cycle()).toMatchObject({ admitted: 1 })
    for (const id of firsts) expect(await getTask(database.pool, id)).toMatchObject({ status: 'pending' })
  })

  it('goes through its other phases when one waited in vain', async () => {
    await addTask(database.pool, { runAt: at(10) })
    const late = await addTask(database.pool)
    replica.clock.set(at(30))
    await beside('lock table task_events in exclusive mode', [], async () => {
      expect(await replica.cycle()).toMatchObject({ failedPhases: ['due', 'flip', 'retention'] })
    })
    expect(await replica.metrics.text()).toMatch(/^switchyard_database_outages_total 0$/m)
    expect(await replica.cycle()).toMatchObject({ due: 1, flipped: 1, failedPhases: [] })
    expect(await getTask(database.pool, late.id)).toMatchObject({ executionMode: 'http_pull' })
  })

  it('goes through its other phases when one got no answer', async () => {
    const silent = Object.assign(Object.create(database.pool) as Pool, {
      query: (statement: { readonly name: string }) =>
        statement.name === 'make_due'
          ? Promise.reject(new Error('Query read timeout'))
          : database.pool.query(statement as never),
    })
    const halfDeaf = testReplica(database.pool, fakeSsh(), { cyclePool: silent })
    await addTask(database.pool)
    halfDeaf.clock.set(at(30))
    expect(await halfDeaf.cycle()).toMatchObject({ flipped: 1, failedPhases: ['due'] })
    expect(await halfDeaf.metrics.text()).toMatch(/^switchyard_database_outages_total 0$/m)
  })
})
