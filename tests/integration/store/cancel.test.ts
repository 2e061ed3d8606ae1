import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ENDED_STATUSES, HELD_STATUSES, settleRelease, UNHELD_STATUSES } from '@switchyard/core'
import {
  cancelByConcurrencyKey,
  cancelTask,
  completeClaim,
  getTask,
  listTaskEvents,
  settleClaim,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, runningTask, taskIn } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const request = { reason: 'the issue was closed', actor: 'coordinator', now: at(5) }

describe('cancelling', () => {
  it.each(UNHELD_STATUSES)('ends a task that is %s at once', async (status) => {
    const { taskId } = await taskIn(database.pool, status)
    expect(await cancelTask(database.pool, taskId, request)).toMatchObject({
      status: 'cancelled',
      finishedAt: at(5),
      cancelReason: request.reason,
    })
    expect((await listTaskEvents(database.pool, taskId)).at(-1)).toMatchObject({
      event: 'cancel',
      fromStatus: status,
      toStatus: 'cancelled',
      reason: request.reason,
      actor: 'coordinator',
    })
  })

  it.each(HELD_STATUSES)('asks the holder of a task that is %s, once', async (status) => {
    const { taskId } = await taskIn(database.pool, status)
    expect(await cancelTask(database.pool, taskId, request)).toMatchObject({
      status,
      finishedAt: null,
      cancelRequestedAt: at(5),
    })
    expect(
      await cancelTask(database.pool, taskId, { ...request, reason: 'again', now: at(6) }),
    ).toMatchObject({
      status,
      cancelRequestedAt: at(5),
      cancelReason: request.reason,
    })
    const events = await listTaskEvents(database.pool, taskId)
    expect(events.filter(({ event }) => event === 'cancel_requested')).toMatchObject([
      { fromStatus: status, toStatus: status },
    ])
  })

  it.each(ENDED_STATUSES)('leaves a task that is %s as it is', async (status) => {
    const { taskId } = await taskIn(database.pool, status)
    const before = await getTask(database.pool, taskId)
    expect(await cancelTask(database.pool, taskId, request)).toBeNull()
    expect(await getTask(database.pool, taskId)).toEqual(before)
  })

  it('knows no task that does not exist', async () => {
    expect(await cancelTask(database.pool, randomUUID(), request)).toBeNull()
  })

  it('is confirmed when the holder gives the task back', async () => {
    const held = await runningTask(database.pool)
    await cancelTask(database.pool, held.taskId, request)
    const task = await settleClaim(database.pool, held, {
      actor: 'agent',
      now: at(7),
      decide: (locked) => settleRelease(locked, 'stopped', 20),
    })
    expect(task).toMatchObject({ status: 'cancelled', finishedAt: at(7) })
    expect((await listTaskEvents(database.pool, held.taskId)).at(-1)).toMatchObject({
      event: 'confirm_cancel',
      fromStatus: 'running',
    })
  })

  it('comes too late for a holder that completes', async () => {
    const held = await runningTask(database.pool)
    await cancelTask(database.pool, held.taskId, request)
    expect(await completeClaim(database.pool, held, { result: {}, actor: 'agent' })).toMatchObject({
      status: 'succeeded',
    })
  })

  it('lets the next task of the key in', async () => {
    const first = await addTask(database.pool, { concurrencyKey: 'next' })
    const second = await addTask(database.pool, { concurrencyKey: 'next' })
    await cancelTask(database.pool, first.id, request)
    expect(await getTask(database.pool, second.id)).toMatchObject({ status: 'pending', pendingSince: at(5) })
  })

  it('by key leaves nothing to let in, and asks who holds one', async () => {
    const held = await runningTask(database.pool, { concurrencyKey: 'all' })
    const waiting = await addTask(database.pool, { concurrencyKey: 'all' })
    const other = await addTask(database.pool, { concurrencyKey: 'other' })
    expect(await cancelByConcurrencyKey(database.pool, 'all', request)).toEqual([held.taskId, waiting.id])
    expect(await getTask(database.pool, held.taskId)).toMatchObject({
      status: 'running',
      cancelRequestedAt: at(5),
    })
    expect(await getTask(database.pool, waiting.id)).toMatchObject({ status: 'cancelled' })
    expect(await getTask(database.pool, other.id)).toMatchObject({
      status: 'pending',
      cancelRequestedAt: null,
    })
  })
})
