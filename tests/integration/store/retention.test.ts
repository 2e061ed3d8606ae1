import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  appendLog,
  completeClaim,
  deleteOldDeliveries,
  deleteOldTasks,
  deleteUnusedLanes,
  getTask,
  markUnusedLanes,
  publishTurns,
  receiveDelivery,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, runningTask } from '../../support/task-factory.ts'
import { untilEarlierEnded } from '../../support/until-earlier-ended.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const DAY = 86_400

async function finish(seconds: number): Promise<string> {
  const held = await runningTask(database.pool)
  await appendLog(database.pool, { ...held, offset: 0, text: 'done', maxBytes: 100 })
  await completeClaim(database.pool, held, { result: {}, actor: 'agent', now: at(seconds) })
  return held.taskId
}

async function rowsOf(id: string): Promise<number[]> {
  const counts = ['tasks where id', 'task_events where task_id', 'task_logs where task_id'].map(
    async (place) => {
      const { rows } = await database.pool.query<{ count: number }>(
        `select count(*) as count from ${place} = $1`,
        [id],
      )
      return rows[0]!.count
    },
  )
  return Promise.all(counts)
}

describe('retention', () => {
  it('deletes tasks that ended long ago, with all that hangs on them, oldest first', async () => {
    const [old, older, recent, unfinished] = [
      await finish(10),
      await finish(0),
      await finish(5 * DAY),
      (await addTask(database.pool)).id,
    ]
    const options = { days: 7, now: at(8 * DAY) }
    expect(await rowsOf(older)).toEqual([1, 4, 1])
    expect(await deleteOldTasks(database.pool, { ...options, limit: 1 })).toBe(1)
    expect(await rowsOf(older)).toEqual([0, 0, 0])
    expect(await rowsOf(old)).toEqual([1, 4, 1])
    expect(await deleteOldTasks(database.pool, { ...options, limit: 10 })).toBe(1)
    expect(await deleteOldTasks(database.pool, { ...options, limit: 10 })).toBe(0)
    for (const id of [recent, unfinished]) expect(await getTask(database.pool, id)).not.toBeNull()
  })

  it('deletes old deliveries', async () => {
    for (const [deliveryUuid, seconds] of [
      ['old', 0],
      ['recent', 5 * DAY],
    ] as const) {
      const received = {
        deliveryUuid,
        forge: 'gitea',
        event: 'push',
        eventType: 'push',
        action: null,
        repository: null,
        sender: null,
        headers: {},
        body: Buffer.from('{}'),
        subject: null,
      } as const
      await receiveDelivery(database.pool, received, { kind: 'ignored', reason: 'no rule' }, at(seconds))
    }
    expect(await deleteOldDeliveries(database.pool, { days: 7, limit: 10, now: at(8 * DAY) })).toBe(1)
    expect(await deleteOldDeliveries(database.pool, { days: 7, limit: 10, now: at(8 * DAY) })).toBe(0)
  })

  it('deletes lanes, with their turns, in which nothing has waited for an hour', async () => {
    const { pool } = database
    const laneOf = async (label: string): Promise<string | undefined> =>
      (await pool.query<{ id: string }>('select id::text from lanes where requires = $1', [[label]])).rows[0]
        ?.id
    await addTask(pool, { requires: ['awaited'] })
    await runningTask(pool, { requires: ['taken'] })
    await runningTask(pool, { requires: ['used-again'] })
    const [taken, usedAgain] = [await laneOf('taken'), await laneOf('used-again')]
    const reached = [taken!, usedAgain!].map((lane) => ({ lane, priority: 3, turn: 7 }))
    await publishTurns(pool, 'pull', reached)
    await markUnusedLanes(pool, { limit: 100, now: at(0) })
    await untilEarlierEnded(pool)
    expect(await deleteUnusedLanes(pool, { limit: 100, now: at(3_599) })).toBe(0)
    await addTask(pool, { requires: ['used-again'] })
    expect(await deleteUnusedLanes(pool, { limit: 100, now: at(3_600) })).toBeGreaterThanOrEqual(1)
    expect([await laneOf('awaited'), await laneOf('taken')]).toEqual([expect.any(String), undefined])
    // What is gone takes nothing else along.
    await publishTurns(
      pool,
      'pull',
      reached.map((turn) => ({ ...turn, turn: 8 })),
    )
    const { rows } = await pool.query(
      'select lane::text, reached from turns where lane = any($1::bigint[])',
      [[taken, usedAgain]],
    )
    expect(rows).toEqual([{ lane: usedAgain, reached: 8 }])
  })

  it('marks and deletes lanes a bounded number at a time', async () => {
    const { pool } = database
    for (const label of ['one', 'two', 'three']) await runningTask(pool, { requires: [label] })
    while ((await markUnusedLanes(pool, { limit: 2, now: at(0) })) > 0);
    await untilEarlierEnded(pool)
    expect(await deleteUnusedLanes(pool, { limit: 2, now: at(3_600) })).toBe(2)
  })
})
