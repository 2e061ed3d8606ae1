import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  appendLogs,
  cancelTask,
  completeClaims,
  getTask,
  listTaskEvents,
  readLog,
  renewLeases,
} from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import type { PoolClient } from 'pg'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { claimedTask, orphanedTask, runningTask } from '../../support/task-factory.ts'
import type { HeldTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** Five that the statement must leave out, among three that it must not. */
async function mixedClaims(pool: Pool) {
  const claimed = await claimedTask(pool)
  const running = await runningTask(pool)
  const cancelled = await runningTask(pool)
  await cancelTask(pool, cancelled.taskId, { reason: 'not needed', actor: 'coordinator', now: at(5) })
  const withOtherToken = { ...(await runningTask(pool)), leaseToken: randomUUID() }
  const ofSomebodyElse = { ...(await runningTask(pool)), agentId: 'somebody-else' }
  const orphaned = await orphanedTask(pool)
  const unknown = { ...running, taskId: randomUUID() }
  const lockedRow = await runningTask(pool)
  const locker = await lockRow(pool, lockedRow)
  const claims = [withOtherToken, claimed, ofSomebodyElse, running, orphaned, unknown, lockedRow, cancelled]
  return { claims, claimed, running, cancelled, locker }
}

async function lockRow(pool: Pool, { taskId }: HeldTask): Promise<PoolClient> {
  const locker = await pool.connect()
  await locker.query('begin')
  await locker.query('select 1 from tasks where id = $1 for update', [taskId])
  return locker
}

async function unlock(locker: PoolClient): Promise<void> {
  await locker.query('rollback')
  locker.release()
}

async function endOf({ taskId }: HeldTask): Promise<unknown> {
  return (await listTaskEvents(database.pool, taskId)).at(-1)
}

describe('many leases renewed at once', () => {
  it('answers each in its place, and leaves out what is lost or held by somebody', async () => {
    const { claims, claimed, locker } = await mixedClaims(database.pool)
    const renewals = claims.map((claim, index) => ({
      ...claim,
      progress: `step ${index}`,
      actor: `actor ${index}`,
    }))
    const renewed = await renewLeases(database.pool, renewals, { leaseSeconds: 90, now: at(10) })
    const extended = { expiresAt: at(100), cancelRequested: false }
    expect(renewed).toMatchObject([
      null,
      extended,
      null,
      extended,
      null,
      null,
      null,
      { cancelRequested: true },
    ])
    expect(await getTask(database.pool, claimed.taskId)).toMatchObject({
      status: 'running',
      startedAt: at(10),
      progress: 'step 1',
    })
    expect(await endOf(claimed)).toMatchObject({ event: 'start', actor: 'actor 1', agentId: claimed.agentId })
    await unlock(locker)
  })

  it('keeps the progress that was said before, and renews nothing for nobody', async () => {
    const held = await runningTask(database.pool)
    const renewal = { ...held, actor: 'agent' }
    await renewLeases(database.pool, [{ ...renewal, progress: 'half' }], { leaseSeconds: 90 })
    await renewLeases(database.pool, [{ ...renewal, progress: null }], { leaseSeconds: 90 })
    expect(await getTask(database.pool, held.taskId)).toMatchObject({ progress: 'half' })
    expect(await renewLeases(database.pool, [], { leaseSeconds: 90 })).toEqual([])
  })
})

describe('many claims completed at once', () => {
  it('answers each in its place, and leaves out what is lost or held by somebody', async () => {
    const { claims, claimed, running, cancelled, locker } = await mixedClaims(database.pool)
    const completions = claims.map((claim, index) => ({
      ...claim,
      result: { summary: `${index}` },
      actor: `actor ${index}`,
    }))
    const ended = await completeClaims(database.pool, completions, at(9))
    expect(ended.map((task) => task?.id ?? null)).toEqual([
      null,
      claimed.taskId,
      null,
      running.taskId,
      null,
      null,
      null,
      cancelled.taskId,
    ])
    expect(ended[3]).toMatchObject({ status: 'succeeded', finishedAt: at(9), result: { summary: '3' } })
    expect(await endOf(claimed)).toMatchObject({ event: 'succeed', fromStatus: 'claimed', actor: 'actor 1' })
    expect(await endOf(running)).toMatchObject({ event: 'succeed', fromStatus: 'running', actor: 'actor 3' })
    await unlock(locker)
  })

  it('all remain as they were when one of them cannot be stored', async () => {
    const held = [await runningTask(database.pool), await runningTask(database.pool)]
    const summaries = ['good', 'a NUL \u0000']
    const completions = held.map((claim, index) => ({
      ...claim,
      result: { summary: summaries[index] },
      actor: 'agent',
    }))
    await expect(completeClaims(database.pool, completions)).rejects.toThrow(/unicode/i)
    for (const { taskId } of held)
      expect(await getTask(database.pool, taskId)).toMatchObject({ status: 'running' })
  })
})

describe('many logs appended to at once', () => {
  const options = { leaseSeconds: 90, maxBytes: 12, now: at(10) }

  it('answers each in its place, starts what had not started, and leaves out the rest', async () => {
    const { claims, claimed, running, locker } = await mixedClaims(database.pool)
    const appends = claims.map((claim, index) => ({
      ...claim,
      offset: 0,
      text: `ä${index}`,
      actor: `actor ${index}`,
    }))
    const appended = await appendLogs(database.pool, appends, options)
    const three = { nextOffset: 3, cancelRequested: false }
    expect(appended).toMatchObject([null, three, null, three, null, null, null, { cancelRequested: true }])
    expect((await readLog(database.pool, running.taskId, null, 0))?.content.toString()).toBe('ä3')
    expect(await endOf(claimed)).toMatchObject({ event: 'start', actor: 'actor 1' })
    expect(await getTask(database.pool, running.taskId)).toMatchObject({ leaseExpiresAt: at(100) })
    await unlock(locker)
  })

  it('appends at the end only, stores nothing for an empty piece, and keeps head and tail of what is long', async () => {
    const held = await runningTask(database.pool)
    const append = async (offset: number, text: string): Promise<number | null> => {
      const [result] = await appendLogs(database.pool, [{ ...held, offset, text, actor: 'agent' }], options)
      return result?.nextOffset ?? null
    }
    expect(await append(3, 'too far')).toBeNull()
    expect(await append(0, '')).toBe(0)
    for (let offset = 0; offset < 30; offset += 3)
      expect(await append(offset, `${offset}  `.slice(0, 3))).toBe(offset + 3)
    expect(await append(0, 'again')).toBeNull()
    const tail = await readLog(database.pool, held.taskId, null, 6)
    expect((await readLog(database.pool, held.taskId, null, 0))?.content.toString()).toBe('0  3  ')
    expect([tail?.cutBytes, tail?.content.toString()]).toEqual([18, '24 27 '])
  })
})
