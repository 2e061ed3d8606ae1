import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  countAhead,
  findPredecessor,
  listDispatchers,
  listTasks,
  readDatabaseClock,
  readQueue,
  removeDeadDispatchers,
  removeDispatcher,
  reportDispatcher,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { addTask, newTask, runningTask, taskIn } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the queue', () => {
  it('counts what there is to do and who is there to do it', async () => {
    expect(await readQueue(database.pool)).toEqual({
      counts: [],
      oldestPendingSeconds: null,
      repositories: [],
      countedAt: expect.any(Date),
    })
    expect(await listDispatchers(database.pool)).toEqual([])
    const source = { ...newTask().source, repository: 'acme/shop' }
    await addTask(database.pool, { source }, null)
    await addTask(database.pool, { source, requestedMode: 'ssh_cli' }, null)
    await runningTask(database.pool, { source })
    await taskIn(database.pool, 'cancelled')
    await reportDispatcher(database.pool, { id: 'd1', draining: false, silenceSeconds: 60 })
    await reportDispatcher(database.pool, { id: 'd1', draining: true, silenceSeconds: 60 })
    const state = await readQueue(database.pool)
    expect(
      [...state.counts].sort((a, b) => (a.status + a.executionMode < b.status + b.executionMode ? -1 : 1)),
    ).toEqual([
      { status: 'cancelled', executionMode: 'undecided', count: 1 },
      { status: 'pending', executionMode: 'ssh_cli', count: 1 },
      { status: 'pending', executionMode: 'undecided', count: 1 },
      { status: 'running', executionMode: 'http_pull', count: 1 },
    ])
    expect(state.oldestPendingSeconds).toBeGreaterThanOrEqual(0)
    expect(state.repositories).toEqual([{ repository: 'acme/shop', queued: 2, held: 1 }])
    expect(await listDispatchers(database.pool)).toMatchObject([{ id: 'd1', draining: true }])
  })

  it('lists the dispatchers that are alive, each by its own interval, and forgets the others', async () => {
    const { pool } = database
    const report = (id: string, silenceSeconds: number) =>
      reportDispatcher(pool, { id, draining: false, silenceSeconds })
    await report('stops', 60)
    await removeDispatcher(pool, 'stops')
    await report('gone', 60)
    await report('slow', 1_800)
    const silent = `update dispatchers set last_cycle_at = now() - interval '5 minutes' where id = any($1)`
    await pool.query(silent, [['gone', 'slow']])
    expect((await listDispatchers(pool)).map(({ id }) => id)).toEqual(['d1', 'slow'])
    await removeDeadDispatchers(pool)
    const { rows } = await pool.query<{ id: string }>('select id from dispatchers order by id')
    expect(rows.map(({ id }) => id)).toEqual(['d1', 'slow'])
  })

  it('knows who stands before a task, and for whom it waits', async () => {
    const urgent = await addTask(database.pool, { priority: 1, concurrencyKey: 'queue', requires: ['here'] })
    const waiting = await addTask(database.pool, { concurrencyKey: 'queue' })
    const last = await addTask(database.pool, { priority: 4, requires: ['here', 'there'] })
    const elsewhere = await addTask(database.pool, { priority: 4, requires: ['there'] })
    expect(await countAhead(database.pool, urgent.id)).toBe(0)
    expect(await countAhead(database.pool, last.id)).toBe(1)
    expect(await countAhead(database.pool, elsewhere.id)).toBe(0)
    expect(await findPredecessor(database.pool, waiting.concurrencyKey!)).toEqual({
      id: urgent.id,
      status: 'pending',
    })
    expect(await findPredecessor(database.pool, 'nobody')).toBeNull()
  })

  it('is listed newest first, page by page, through every filter', async () => {
    const everything = {
      statuses: null,
      executionModes: null,
      repository: null,
      agentId: null,
      beforeId: null,
      limit: 100,
    }
    const all = (await listTasks(database.pool, everything)).map(({ id }) => id)
    expect(all).toEqual([...all].sort().reverse())
    const page = await listTasks(database.pool, { ...everything, beforeId: all[1]!, limit: 2 })
    expect(page.map(({ id }) => id)).toEqual(all.slice(2, 4))
    const running = await listTasks(database.pool, {
      ...everything,
      statuses: ['running'],
      repository: 'acme/shop',
    })
    expect(running).toHaveLength(1)
    expect(await listTasks(database.pool, { ...everything, agentId: running[0]!.agentId })).toEqual(running)
  })

  it('runs on the clock of the database', async () => {
    expect(await readDatabaseClock(database.pool)).toBeInstanceOf(Date)
  })
})
