import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { appendLog, cancelTask, completeClaim, getTask, readLog, renewLease } from '@switchyard/store'
import type { AppendLogRequest } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, claimedTask, claimTask, runningTask, settle } from '../../support/task-factory.ts'
import type { HeldTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function piece(
  held: HeldTask,
  offset: number,
  text: string,
  changes: Partial<AppendLogRequest> = {},
): AppendLogRequest {
  return { ...held, offset, text, maxBytes: 1000, ...changes }
}

async function readText(taskId: string, attempt: number | null, offset: number): Promise<string | undefined> {
  return (await readLog(database.pool, taskId, attempt, offset))?.content.toString('utf8')
}

describe('appending', () => {
  it('counts bytes of UTF-8, and takes only what begins at the end', async () => {
    const held = await runningTask(database.pool)
    expect(await appendLog(database.pool, piece(held, 0, 'naïve 🚂\n'))).toEqual({
      kind: 'appended',
      nextOffset: 12,
      cancelRequested: false,
    })
    expect(await appendLog(database.pool, piece(held, 10, 'x'))).toEqual({
      kind: 'wrong_offset',
      expectedOffset: 12,
    })
    expect(await appendLog(database.pool, piece(held, 12, ''))).toMatchObject({
      kind: 'appended',
      nextOffset: 12,
    })
    expect(await appendLog(database.pool, piece(held, 12, 'more'))).toMatchObject({ nextOffset: 16 })
    expect(await readText(held.taskId, null, 0)).toBe('naïve 🚂\nmore')
  })

  it('at one offset is won by one of many', async () => {
    const held = await runningTask(database.pool)
    const results = await Promise.all(
      ['a', 'b', 'c', 'd'].map((text) => appendLog(database.pool, piece(held, 0, text))),
    )
    expect(results.map(({ kind }) => kind).sort()).toEqual([
      'appended',
      'wrong_offset',
      'wrong_offset',
      'wrong_offset',
    ])
  })

  it('needs the lease of a task that has started', async () => {
    const held = await runningTask(database.pool)
    expect(await appendLog(database.pool, piece(held, 0, 'x', { leaseToken: randomUUID() }))).toEqual({
      kind: 'lease_lost',
    })
    expect(await appendLog(database.pool, piece(held, 0, 'x', { agentId: 'somebody-else' }))).toEqual({
      kind: 'lease_lost',
    })
    expect(await appendLog(database.pool, piece(await claimedTask(database.pool), 0, 'x'))).toEqual({
      kind: 'lease_lost',
    })
    await completeClaim(database.pool, held, { result: {}, actor: 'agent' })
    expect(await appendLog(database.pool, piece(held, 0, 'x'))).toEqual({ kind: 'lease_lost' })
  })

  it('tells the holder to stop', async () => {
    const held = await runningTask(database.pool)
    await cancelTask(database.pool, held.taskId, { reason: 'enough', actor: 'coordinator' })
    expect(await appendLog(database.pool, piece(held, 0, 'x'))).toMatchObject({ cancelRequested: true })
  })

  it('keeps the head and the tail of what passes the cap, and says what was cut out', async () => {
    const held = await runningTask(database.pool)
    for (let offset = 0; offset < 30; offset += 3)
      expect(
        await appendLog(database.pool, piece(held, offset, `${offset}  `.slice(0, 3), { maxBytes: 12 })),
      ).toMatchObject({
        nextOffset: offset + 3,
      })
    const head = await readLog(database.pool, held.taskId, null, 0)
    expect(head).toMatchObject({ offset: 0, cutBytes: 0, nextOffset: 6, producedBytes: 30, storedBytes: 12 })
    expect(head?.content.toString()).toBe('0  3  ')
    const tail = await readLog(database.pool, held.taskId, null, 6)
    expect(tail).toMatchObject({ offset: 24, cutBytes: 18, nextOffset: 30, complete: false })
    expect(tail?.content.toString()).toBe('24 27 ')
    await completeClaim(database.pool, held, { result: {}, actor: 'agent' })
    expect(await readLog(database.pool, held.taskId, null, 6)).toMatchObject({ complete: true })
    expect(await readLog(database.pool, held.taskId, null, 30)).toMatchObject({ cutBytes: 0, complete: true })
  })

  it('keeps bytes as they are, characters or not', async () => {
    const held = await runningTask(database.pool)
    const bytes = Buffer.from([0x00, 0xff, 0xe2, 0x82])
    await appendLog(database.pool, { ...held, offset: 0, text: bytes, maxBytes: 1000 })
    await appendLog(database.pool, { ...held, offset: 4, text: Buffer.from([0xac]), maxBytes: 1000 })
    expect((await readLog(database.pool, held.taskId, null, 0))?.content).toEqual(
      Buffer.concat([bytes, Buffer.from([0xac])]),
    )
  })
})

describe('reading', () => {
  it('begins in the middle of a piece, of a character, or behind the end', async () => {
    const held = await runningTask(database.pool)
    await appendLog(database.pool, piece(held, 0, 'abc'))
    await appendLog(database.pool, piece(held, 3, 'd🚂'))
    expect(await readText(held.taskId, null, 1)).toBe('bcd🚂')
    expect(await readText(held.taskId, null, 3)).toBe('d🚂')
    expect((await readLog(database.pool, held.taskId, null, 5))?.content).toEqual(
      Buffer.from('🚂').subarray(1),
    )
    expect(await readLog(database.pool, held.taskId, null, 8)).toMatchObject({
      nextOffset: 8,
      complete: false,
    })
    expect((await readLog(database.pool, held.taskId, null, 99))?.content).toHaveLength(0)
    expect(await readLog(database.pool, randomUUID(), null, 0)).toBeNull()
  })

  it('goes on where it stopped when there are many pieces', async () => {
    const held = await runningTask(database.pool)
    for (let offset = 0; offset < 300; offset += 1)
      await appendLog(database.pool, piece(held, offset, String(offset % 10)))
    const first = await readLog(database.pool, held.taskId, null, 0)
    const second = await readLog(database.pool, held.taskId, null, first!.nextOffset)
    expect(first!.nextOffset).toBeLessThan(300)
    expect(second!.nextOffset).toBe(300)
    const whole = Buffer.concat([first!.content, second!.content]).toString()
    expect(whole).toBe(Array.from({ length: 300 }, (_, n) => n % 10).join(''))
  })

  it('keeps the attempts apart, and knows when one is complete', async () => {
    const { id } = await addTask(database.pool)
    for (const text of ['first', 'second']) {
      const held = await claimTask(database.pool, (await getTask(database.pool, id))!)
      await renewLease(database.pool, {
        ...held,
        leaseSeconds: 90,
        progress: null,
        actor: 'agent',
        now: at(0),
      })
      await appendLog(database.pool, piece(held, 0, text))
      await settle(database.pool, held, { event: 'hand_back', reason: 'a drain' })
    }
    const third = await claimTask(database.pool, (await getTask(database.pool, id))!)
    expect(await readLog(database.pool, id, null, 0)).toMatchObject({
      attempt: 3,
      producedBytes: 0,
      complete: false,
    })
    expect(await readText(id, 1, 0)).toBe('first')
    await settle(database.pool, third, { event: 'unclaim', reason: 'not started' })
    expect(await readLog(database.pool, id, null, 0)).toMatchObject({
      attempt: 2,
      producedBytes: 6,
      storedBytes: 6,
      complete: true,
    })
  })
})

describe('an attempt that was given back before it started', () => {
  it('is still to come for who has seen it, until the task has ended', async () => {
    const held = await claimedTask(database.pool)
    await settle(database.pool, held, { event: 'unclaim', reason: 'not started' })
    expect(await readLog(database.pool, held.taskId, 1, 0)).toMatchObject({ attempt: 1, complete: false })
    await cancelTask(database.pool, held.taskId, { reason: 'enough', actor: 'coordinator' })
    expect(await readLog(database.pool, held.taskId, 1, 0)).toMatchObject({ attempt: 1, complete: true })
  })
})

describe('the table of logs', () => {
  it('stores pieces as they are: compressing them was most of what storing cost', async () => {
    const { rows } = await database.pool.query(
      `select attstorage from pg_attribute where attrelid = 'task_logs'::regclass and attname = 'content'`,
    )
    expect(rows).toEqual([{ attstorage: 'e' }])
  })
})
