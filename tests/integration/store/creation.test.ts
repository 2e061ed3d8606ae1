import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTask, listTaskEvents } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, newTask, runningTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('a new task', () => {
  it('is pending, and its event says so', async () => {
    const task = await addTask(database.pool)
    expect(task).toMatchObject({
      status: 'pending',
      executionMode: 'undecided',
      attempt: 0,
      pendingSince: at(0),
      createdAt: at(0),
    })
    expect(await listTaskEvents(database.pool, task.id)).toMatchObject([
      {
        event: 'created',
        fromStatus: null,
        toStatus: 'pending',
        actor: 'coordinator',
        reason: 'as requested',
        at: at(0),
      },
    ])
  })

  it('is scheduled while its time is ahead, and pending when it has passed', async () => {
    expect(await addTask(database.pool, { runAt: at(1) })).toMatchObject({
      status: 'scheduled',
      runAt: at(1),
      pendingSince: null,
    })
    expect(await addTask(database.pool, { runAt: at(-1) })).toMatchObject({ status: 'pending' })
  })

  it('waits behind an unfinished one with the same concurrency key, and only behind an unfinished one', async () => {
    const held = await runningTask(database.pool, { concurrencyKey: 'waits' })
    expect(await addTask(database.pool, { concurrencyKey: 'waits' })).toMatchObject({
      status: 'waiting',
      pendingSince: null,
    })
    expect(await addTask(database.pool, { concurrencyKey: 'other' })).toMatchObject({ status: 'pending' })
    await settle(database.pool, held, { event: 'fail', error: { code: 'broken', message: 'it broke' } })
    expect(await addTask(database.pool, { concurrencyKey: 'waits' })).toMatchObject({ status: 'waiting' })
  })

  it('keeps its texts and its source as they are', async () => {
    const source = {
      ...newTask().source,
      kind: 'forgejo',
      repository: 'acme/shop',
      issue_number: 7,
      sender: 'O’Neill 🚂',
    } as const
    const task = await addTask(database.pool, {
      title: "'; drop table tasks; --",
      prompt: 'a\\b {"c"} \u0007',
      source,
    })
    expect(task).toMatchObject({ title: "'; drop table tasks; --", prompt: 'a\\b {"c"} \u0007', source })
  })
})

describe('a repeated creation', () => {
  it('with the same idempotency key answers with the task that is there', async () => {
    const idempotency = { key: 'once', hash: 'a' }
    const first = await createTask(database.pool, newTask({ idempotency }))
    const id = first.task.id
    expect(await createTask(database.pool, newTask({ idempotency }))).toMatchObject({
      kind: 'repeated',
      task: { id },
    })
    const other = { key: 'once', hash: 'b' }
    expect(await createTask(database.pool, newTask({ idempotency: other }))).toMatchObject({
      kind: 'idempotency_key_reused',
      task: { id },
    })
    const byAnother = await createTask(database.pool, newTask({ idempotency, createdBy: 'somebody else' }))
    expect(byAnother.kind).toBe('created')
  })

  it('creates one task also when all come at the same moment', async () => {
    const task = newTask({ idempotency: { key: 'together', hash: 'a' }, concurrencyKey: 'together' })
    const results = await Promise.all(Array.from({ length: 8 }, () => createTask(database.pool, task)))
    expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1)
    expect(new Set(results.map((result) => result.task.id)).size).toBe(1)
  })

  it('for the same object is a duplicate until the first one has ended', async () => {
    const held = await runningTask(database.pool, { dedupeKey: 'rule:issue' })
    expect(await createTask(database.pool, newTask({ dedupeKey: 'rule:issue' }))).toMatchObject({
      kind: 'duplicate',
      task: { id: held.taskId },
    })
    await settle(database.pool, held, { event: 'fail', error: { code: 'broken', message: 'it broke' } })
    expect((await createTask(database.pool, newTask({ dedupeKey: 'rule:issue' }))).kind).toBe('created')
  })
})
