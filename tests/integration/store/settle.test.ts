import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { settleFailure, settleRelease } from '@switchyard/core'
import { completeClaim, getTask, listTaskEvents, makeDue, settleClaim, wasSettled } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask, claimedTask, claimTask, runningTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const error = { code: 'broken', message: 'it broke' }

describe('completing', () => {
  it('keeps the result and ends the lease', async () => {
    const held = await runningTask(database.pool)
    const result = { summary: 'fixed', exit_code: 0, notes: ['a', 'b'] }
    const task = await completeClaim(database.pool, held, { result, actor: 'agent', now: at(9) })
    expect(task).toMatchObject({
      status: 'succeeded',
      result,
      error: null,
      finishedAt: at(9),
      agentId: held.agentId,
      leaseExpiresAt: null,
    })
    expect((await listTaskEvents(database.pool, held.taskId)).at(-1)).toMatchObject({
      event: 'succeed',
      fromStatus: 'running',
      at: at(9),
    })
  })

  it('works without ever having started, and says so', async () => {
    const held = await claimedTask(database.pool)
    await completeClaim(database.pool, held, { result: {}, actor: 'agent' })
    expect((await listTaskEvents(database.pool, held.taskId)).at(-1)).toMatchObject({
      event: 'succeed',
      fromStatus: 'claimed',
    })
  })

  it('with a stale token changes nothing', async () => {
    const held = await runningTask(database.pool)
    const before = await getTask(database.pool, held.taskId)
    for (const stale of [
      { ...held, leaseToken: randomUUID() },
      { ...held, agentId: 'somebody-else' },
    ]) {
      expect(await completeClaim(database.pool, stale, { result: {}, actor: 'agent' })).toBeNull()
      expect(await settle(database.pool, stale, { event: 'fail', error })).toBeNull()
    }
    expect(await getTask(database.pool, held.taskId)).toEqual(before)
  })

  it('is recognised when it is repeated with the same token by the same actor, and only then', async () => {
    const held = await runningTask(database.pool)
    const completion = { result: {}, actor: 'agent' }
    expect(await wasSettled(database.pool, held, ['succeed'], 'agent')).toBe(false)
    await completeClaim(database.pool, held, completion)
    expect(await completeClaim(database.pool, held, completion)).toBeNull()
    expect(await wasSettled(database.pool, held, ['succeed'], 'agent')).toBe(true)
    expect(await wasSettled(database.pool, held, ['succeed'], 'dispatcher')).toBe(false)
    expect(await wasSettled(database.pool, held, ['fail', 'retry'], 'agent')).toBe(false)
    const stale = { ...held, leaseToken: randomUUID() }
    expect(await wasSettled(database.pool, stale, ['succeed'], 'agent')).toBe(false)
  })
})

describe('failing', () => {
  it('comes back after growing pauses until no attempt is left', async () => {
    const { id, requires } = await addTask(database.pool, { maxAttempts: 3 })
    const pauses = []
    for (let attempt = 1, now = 0; ; attempt += 1) {
      const held = await claimTask(database.pool, (await getTask(database.pool, id))!, { now: at(now) })
      expect(held.task).toMatchObject({ attempt, requires })
      const task = await settleClaim(database.pool, held, {
        actor: 'agent',
        now: at(now),
        decide: (locked) => settleFailure(locked, { error, retryable: true }, 0.5),
      })
      if (task?.status === 'failed') break
      expect(task).toMatchObject({ status: 'scheduled', error, executionMode: 'undecided', agentId: null })
      pauses.push((task!.runAt!.getTime() - at(now).getTime()) / 1000)
      now += 1000
      await makeDue(database.pool, { limit: 10, actor: 'dispatcher', now: at(now) })
    }
    expect(pauses).toEqual([10, 20])
    expect(await getTask(database.pool, id)).toMatchObject({ status: 'failed', attempt: 3, error })
  })

  it('that cannot be retried ends the task at once', async () => {
    const held = await runningTask(database.pool)
    const decide = settleFailure
    const task = await settleClaim(database.pool, held, {
      actor: 'agent',
      now: at(3),
      decide: (locked) => decide(locked, { error, retryable: false }, 0),
    })
    expect(task).toMatchObject({ status: 'failed', error, finishedAt: at(3), attempt: 1 })
  })
})

describe('giving back', () => {
  it('what never started costs no attempt, keeps its age, and goes to the end of the queue', async () => {
    const held = await claimedTask(database.pool, {}, { now: at(0) })
    const other = await addTask(database.pool)
    const task = await settle(database.pool, held, { event: 'unclaim', reason: 'dial failed' }, at(20))
    expect(task).toMatchObject({
      status: 'pending',
      attempt: 0,
      deliveries: 1,
      pendingSince: at(0),
      executionMode: 'undecided',
      modeDecidedBy: 'creator',
      modeReason: 'undecided again: dial failed',
      agentId: null,
    })
    const { rows } = await database.pool.query('select id from tasks where id = any($1) order by position', [
      [held.taskId, other.id],
    ])
    expect(rows).toEqual([{ id: other.id }, { id: held.taskId }])
  })

  it('what had started forgives the attempt but keeps its number', async () => {
    const held = await runningTask(database.pool, { requestedMode: 'http_pull' })
    const task = await settle(database.pool, held, { event: 'hand_back', reason: 'a drain' }, at(20))
    expect(task).toMatchObject({
      status: 'pending',
      attempt: 1,
      forgivenAttempts: 1,
      pendingSince: at(20),
      executionMode: 'http_pull',
    })
  })

  it('too often ends the task as undeliverable', async () => {
    const { id } = await addTask(database.pool)
    for (let delivery = 1; delivery <= 3; delivery += 1) {
      const held = await claimTask(database.pool, (await getTask(database.pool, id))!)
      await settleClaim(database.pool, held, {
        actor: 'agent',
        now: at(1),
        decide: (locked) => settleRelease(locked, 'no disk', 3),
      })
    }
    const task = await getTask(database.pool, id)
    expect(task).toMatchObject({ status: 'failed', deliveries: 3, error: { code: 'undeliverable' } })
    expect(task?.error?.message).toContain('no disk')
  })

  it('leaves the claim as it is when the decision is to do nothing', async () => {
    const held = await runningTask(database.pool)
    expect(await settleClaim(database.pool, held, { actor: 'x', decide: () => null })).toBeNull()
    expect(await getTask(database.pool, held.taskId)).toEqual(held.task)
  })
})
