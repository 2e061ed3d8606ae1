import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { RenewLeaseRequest } from '@switchyard/store'
import { cancelTask, getTask, listCancelRequests, listTaskEvents, renewLease } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { claimedTask, orphanedTask, runningTask, settle } from '../../support/task-factory.ts'
import type { HeldTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function renewal(held: HeldTask, changes: Partial<RenewLeaseRequest> = {}): RenewLeaseRequest {
  return { ...held, leaseSeconds: 90, progress: null, actor: 'agent', now: at(10), ...changes }
}

describe('a lease', () => {
  it('is extended, and its first renewal starts the task', async () => {
    const held = await claimedTask(database.pool)
    const first = await renewLease(database.pool, renewal(held, { progress: 'reading' }))
    expect(first).toMatchObject({
      expiresAt: at(100),
      cancelRequested: false,
      mode: 'http_pull',
      task: { status: 'running', startedAt: at(10), progress: 'reading' },
    })
    const second = await renewLease(database.pool, renewal(held, { now: at(40) }))
    expect(second).toMatchObject({ expiresAt: at(130), task: { startedAt: at(10), progress: 'reading' } })
    const events = await listTaskEvents(database.pool, held.taskId)
    expect(events.map(({ event }) => event)).toEqual(['created', 'claim', 'start'])
  })

  it('is extended although it has expired, as long as nobody has taken it back', async () => {
    const held = await runningTask(database.pool)
    expect(await renewLease(database.pool, renewal(held, { now: at(1000) }))).toMatchObject({
      expiresAt: at(1090),
    })
  })

  it('tells its holder to stop', async () => {
    const held = await runningTask(database.pool)
    await cancelTask(database.pool, held.taskId, { reason: 'not needed', actor: 'coordinator', now: at(5) })
    expect(await renewLease(database.pool, renewal(held))).toMatchObject({ cancelRequested: true })
  })

  it.each([
    ['with another token', (held: HeldTask) => Promise.resolve({ ...held, leaseToken: randomUUID() })],
    ['of another agent', (held: HeldTask) => Promise.resolve({ ...held, agentId: 'somebody-else' })],
    [
      'that ended',
      async (held: HeldTask) => {
        await settle(database.pool, held, { event: 'hand_back', reason: 'a drain' })
        return held
      },
    ],
  ])('%s is lost, and nothing changes', async (_, lose) => {
    const held = await lose(await runningTask(database.pool))
    const before = await getTask(database.pool, held.taskId)
    expect(await renewLease(database.pool, renewal(held))).toBeNull()
    expect(await getTask(database.pool, held.taskId)).toEqual(before)
  })

  it('of an orphan cannot be renewed', async () => {
    expect(await renewLease(database.pool, renewal(await orphanedTask(database.pool)))).toBeNull()
  })
})

describe('the requests to end what one holds', () => {
  it('are found together, and only those of the claims that are asked for', async () => {
    const [asked, quiet, ended] = [
      await runningTask(database.pool),
      await runningTask(database.pool),
      await runningTask(database.pool),
    ]
    for (const { taskId } of [asked, ended])
      await cancelTask(database.pool, taskId, { reason: 'issue closed', actor: 'forge', now: at(1) })
    await settle(database.pool, ended, { event: 'confirm_cancel', reason: 'ended' })
    const earlier = { taskId: asked.taskId, leaseToken: randomUUID() }
    expect(await listCancelRequests(database.pool, [earlier, asked, quiet, ended])).toEqual([
      asked.leaseToken,
    ])
    expect(await listCancelRequests(database.pool, [earlier, quiet])).toEqual([])
    expect(await listCancelRequests(database.pool, [])).toEqual([])
  })
})
