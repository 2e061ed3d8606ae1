import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assignTask, flipUndecided, getTask, listTaskEvents, makeDue } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addHost, addTask, claimedTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const sweep = (seconds: number, limit = 100): { limit: number; actor: string; now: Date } => ({
  limit,
  actor: 'dispatcher',
  now: at(seconds),
})

describe('phase 2', () => {
  it('turns undecided tasks into http_pull when their time is over, not a second earlier', async () => {
    const { id } = await addTask(database.pool)
    expect(await flipUndecided(database.pool, 30, sweep(29))).toBe(0)
    expect(await flipUndecided(database.pool, 30, sweep(30))).toBe(1)
    expect(await getTask(database.pool, id)).toMatchObject({
      status: 'pending',
      executionMode: 'http_pull',
      requestedMode: 'undecided',
      modeDecidedBy: 'timeout',
      modeDecidedAt: at(30),
      modeReason: 'no host took it within 30 s',
    })
    expect((await listTaskEvents(database.pool, id)).at(-1)).toMatchObject({
      event: 'flipped',
      fromStatus: 'pending',
      toStatus: 'pending',
      executionMode: 'http_pull',
    })
    expect(await flipUndecided(database.pool, 30, sweep(60))).toBe(0)
  })

  it('touches no task by request, assigned to a host, held by somebody, or not yet pending', async () => {
    await addTask(database.pool, { requestedMode: 'ssh_cli' })
    await claimedTask(database.pool)
    await addTask(database.pool, { runAt: at(5000) })
    const assigned = { taskId: (await addTask(database.pool)).id, agentId: await addHost(database.pool) }
    await assignTask(database.pool, { ...assigned, executionMode: null, actor: 'coordinator', now: at(1) })
    expect(await flipUndecided(database.pool, 30, sweep(1000))).toBe(0)
  })

  it('counts from when a task became pending, and goes on counting after a dial that failed', async () => {
    const held = await claimedTask(database.pool, {}, { now: at(2000), mode: 'ssh_cli' })
    await settle(database.pool, held, { event: 'unclaim', reason: 'dial failed' }, at(2020))
    expect(await flipUndecided(database.pool, 30, sweep(2029))).toBe(0)
    expect(await flipUndecided(database.pool, 30, sweep(2030))).toBe(1)
  })

  it('takes the oldest first, in bounded batches', async () => {
    const ids = []
    for (let n = 0; n < 3; n += 1) ids.push((await addTask(database.pool, {}, at(3000 + n))).id)
    expect(await flipUndecided(database.pool, 30, sweep(3100, 2))).toBe(2)
    const modes = await Promise.all(ids.map(async (id) => (await getTask(database.pool, id))?.executionMode))
    expect(modes).toEqual(['http_pull', 'http_pull', 'undecided'])
  })
})

describe('scheduled tasks', () => {
  it('become pending at their time, and not before', async () => {
    const { id } = await addTask(database.pool, { runAt: at(8000) }, at(7000))
    await makeDue(database.pool, sweep(7999))
    expect(await getTask(database.pool, id)).toMatchObject({ status: 'scheduled' })
    expect(await makeDue(database.pool, sweep(8000))).toBe(1)
    expect(await getTask(database.pool, id)).toMatchObject({ status: 'pending', pendingSince: at(8000) })
    expect((await listTaskEvents(database.pool, id)).at(-1)).toMatchObject({
      event: 'due',
      fromStatus: 'scheduled',
      toStatus: 'pending',
    })
  })

  it('are moved once when two replicas sweep at the same moment', async () => {
    for (let n = 0; n < 10; n += 1) await addTask(database.pool, { runAt: at(9000) }, at(8500))
    const counts = await Promise.all([1, 2, 3].map(() => makeDue(database.pool, sweep(9000))))
    const swept = counts.reduce((sum, count) => sum + count, await makeDue(database.pool, sweep(9000)))
    expect(swept).toBe(10)
  })
})
