import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  appendLog,
  completeClaim,
  deleteOldDeliveries,
  deleteOldTasks,
  getTask,
  receiveDelivery,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, runningTask } from '../../support/task-factory.ts'

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
})
