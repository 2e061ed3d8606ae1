import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  cancelTask,
  isEventCursor,
  latestEventCursor,
  listEventsAfter,
  listTaskEvents,
  renewLease,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, claimedTask, settle } from '../../support/task-factory.ts'
import { untilEarlierEnded } from '../../support/until-earlier-ended.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the events of a task', () => {
  it('tell its life in order, without the token', async () => {
    const held = await claimedTask(database.pool)
    await renewLease(database.pool, { ...held, leaseSeconds: 90, progress: null, actor: 'agent', now: at(1) })
    await cancelTask(database.pool, held.taskId, { reason: 'enough', actor: 'coordinator', now: at(2) })
    await settle(database.pool, held, { event: 'confirm_cancel', reason: 'enough' }, at(3))
    const events = await listTaskEvents(database.pool, held.taskId)
    expect(events.map(({ event, fromStatus, toStatus }) => [event, fromStatus, toStatus])).toEqual([
      ['created', null, 'pending'],
      ['claim', 'pending', 'claimed'],
      ['start', 'claimed', 'running'],
      ['cancel_requested', 'running', 'running'],
      ['confirm_cancel', 'running', 'cancelled'],
    ])
    expect(JSON.stringify(events)).not.toContain(held.leaseToken)
  })
})

describe('the events of all tasks', () => {
  it('are read on from a cursor', async () => {
    await untilEarlierEnded(database.pool)
    const start = await latestEventCursor(database.pool)
    const ids = []
    for (let n = 0; n < 5; n += 1) ids.push((await addTask(database.pool)).id)
    await untilEarlierEnded(database.pool)
    const first = await listEventsAfter(database.pool, start, 2)
    const rest = await listEventsAfter(database.pool, first.at(-1)!.cursor, 10)
    expect([...first, ...rest].map(({ taskId }) => taskId)).toEqual(ids)
    expect(await listEventsAfter(database.pool, rest.at(-1)!.cursor, 10)).toEqual([])
    expect(await latestEventCursor(database.pool)).toBe(rest.at(-1)!.cursor)
  })

  it('never pass one that commits late', async () => {
    await untilEarlierEnded(database.pool)
    const start = await latestEventCursor(database.pool)
    const slow = await database.pool.connect()
    await slow.query('begin')
    const late = await addTask(slow)
    const early = await addTask(database.pool)
    // The early one has committed, but nobody may read past the late one.
    expect(await listEventsAfter(database.pool, start, 10)).toEqual([])
    expect(await latestEventCursor(database.pool)).toBe(start)
    await slow.query('commit')
    slow.release()
    await untilEarlierEnded(database.pool)
    const events = await listEventsAfter(database.pool, start, 10)
    expect(events.map(({ taskId }) => taskId)).toEqual([late.id, early.id])
  })

  it('have cursors that are recognised', async () => {
    expect(isEventCursor(await latestEventCursor(database.pool))).toBe(true)
    expect(await listEventsAfter(database.pool, '9999999999999999999-999999999999999999', 10)).toEqual([])
    for (const text of ['', '1', '1-', '-1', 'a-b', '1-2-3', "1-2'", '99999999999999999999-1'])
      expect(isEventCursor(text)).toBe(false)
  })
})
