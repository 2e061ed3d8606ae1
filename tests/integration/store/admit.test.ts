import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  admitNext,
  completeClaim,
  createPool,
  createTask,
  getTask,
  listAdmissibleKeys,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, newTask, runningTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function statuses(key: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ status: string }>(
    'select status from tasks where concurrency_key = $1 order by id',
    [key],
  )
  return rows.map(({ status }) => status)
}

/** Ends the active task without telling anybody, as a process does that dies right after. */
async function crashAfterEnd(key: string): Promise<void> {
  await database.pool.query(
    `update tasks set status = 'cancelled', finished_at = now() where concurrency_key = $1 and status = 'pending'`,
    [key],
  )
}

describe('tasks with the same concurrency key', () => {
  it('run one after the other, in the order in which they came', async () => {
    const first = await runningTask(database.pool, { concurrencyKey: 'order' })
    const second = await addTask(database.pool, { concurrencyKey: 'order', priority: 4 })
    const third = await addTask(database.pool, { concurrencyKey: 'order', priority: 1 })
    await completeClaim(database.pool, first, { result: {}, actor: 'agent', now: at(9) })
    expect(await getTask(database.pool, second.id)).toMatchObject({ status: 'pending', pendingSince: at(9) })
    expect(await getTask(database.pool, third.id)).toMatchObject({ status: 'waiting' })
    expect(await admitNext(database.pool, 'order', at(10))).toBe(false)
  })

  it('have one active among them, however many are created at once', async () => {
    const created = Array.from({ length: 10 }, () =>
      createTask(database.pool, newTask({ concurrencyKey: 'crowd' })),
    )
    expect((await Promise.all(created)).map(({ task }) => task.status).sort()).toEqual([
      'pending',
      ...Array<string>(9).fill('waiting'),
    ])
  })

  it('are let in by the sweep when the process died that should have', async () => {
    for (let n = 0; n < 4; n += 1) await addTask(database.pool, { concurrencyKey: 'crash' })
    await crashAfterEnd('crash')
    expect(await listAdmissibleKeys(database.pool, 10)).toEqual(['crash'])
    const admitted = await Promise.all(
      Array.from({ length: 6 }, () => admitNext(database.pool, 'crash', at(9))),
    )
    expect(admitted.filter((each) => each)).toHaveLength(1)
    expect(await statuses('crash')).toEqual(['cancelled', 'pending', 'waiting', 'waiting'])
    expect(await listAdmissibleKeys(database.pool, 10)).toEqual([])
  })

  it('are left to the sweep by an end that cannot get hold of them', async () => {
    const first = await runningTask(database.pool, { concurrencyKey: 'locked' })
    const second = await addTask(database.pool, { concurrencyKey: 'locked' })
    const { connectionString } = database
    const hasty = createPool({ connectionString, applicationName: 'hasty', lockTimeoutMilliseconds: 100 })
    const holder = await database.pool.connect()
    await holder.query('begin')
    await holder.query('select from tasks where id = $1 for update', [second.id])
    const ended = await completeClaim(hasty, first, { result: {}, actor: 'agent', now: at(9) })
    expect(ended).toMatchObject({ status: 'succeeded' })
    expect(await listAdmissibleKeys(database.pool, 10)).toEqual([])
    await holder.query('rollback')
    holder.release()
    await hasty.end()
    expect(await listAdmissibleKeys(database.pool, 10)).toEqual(['locked'])
    expect(await admitNext(database.pool, 'locked', at(10))).toBe(true)
  })

  it('wait for their own time as well', async () => {
    await addTask(database.pool, { concurrencyKey: 'later' })
    const { id } = await addTask(database.pool, { concurrencyKey: 'later', runAt: at(100) })
    const next = await addTask(database.pool, { concurrencyKey: 'later' })
    await crashAfterEnd('later')
    expect(await admitNext(database.pool, 'later', at(9))).toBe(true)
    expect(await getTask(database.pool, id)).toMatchObject({ status: 'scheduled', pendingSince: null })
    expect(await getTask(database.pool, next.id)).toMatchObject({ status: 'waiting' })
  })
})
