import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { settleExpiry } from '@switchyard/core'
import type { Task } from '@switchyard/core'
import { cancelTask, listExpiredClaims, settleClaim } from '@switchyard/store'
import type { ClaimIdentity } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { claimedTask, runningTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** What the dispatcher's sweep does with one expired claim. */
async function expire(claim: ClaimIdentity, seconds: number): Promise<Task | null> {
  return settleClaim(database.pool, claim, {
    actor: 'dispatcher',
    now: at(seconds),
    decide: (task) => (task.expired ? settleExpiry(task, 20, 0.5) : null),
  })
}

describe('an expired claim', () => {
  it('is listed from the very instant on, and not before', async () => {
    const held = await claimedTask(database.pool, {}, { seconds: 30 })
    const listed = async (seconds: number): Promise<boolean> => {
      const claims = await listExpiredClaims(database.pool, { limit: 100, now: at(seconds) })
      return claims.some(({ taskId, leaseToken }) => taskId === held.taskId && leaseToken === held.leaseToken)
    }
    expect(await listed(29)).toBe(false)
    expect(await listed(30)).toBe(true)
    expect(await expire(held, 29)).toBeNull()
  })

  it('that never started returns to the queue for nothing', async () => {
    const held = await claimedTask(database.pool)
    expect(await expire(held, 30)).toMatchObject({ status: 'pending', attempt: 0, deliveries: 1 })
  })

  it('of a pulling agent is retried after a pause', async () => {
    const held = await runningTask(database.pool)
    expect(await expire(held, 90)).toMatchObject({
      status: 'scheduled',
      runAt: at(100),
      error: { code: 'lease_expired' },
    })
  })

  it('of a pulling agent fails the task when no attempt is left', async () => {
    const held = await runningTask(database.pool, { maxAttempts: 1 })
    expect(await expire(held, 90)).toMatchObject({ status: 'failed', error: { code: 'lease_expired' } })
  })

  it('of a host is orphaned, cancelled or not: only the host knows what runs there', async () => {
    const held = await runningTask(database.pool, {}, { mode: 'ssh_cli' })
    await cancelTask(database.pool, held.taskId, { reason: 'not needed', actor: 'coordinator', now: at(5) })
    expect(await expire(held, 90)).toMatchObject({
      status: 'orphaned',
      agentId: held.agentId,
      orphanedAt: at(90),
      orphanReason: 'the dispatcher that followed it stopped renewing its lease',
    })
    const listed = await listExpiredClaims(database.pool, { limit: 100, now: at(9999) })
    expect(listed.map(({ taskId }) => taskId)).not.toContain(held.taskId)
  })

  it('is cancelled when that was asked for, and nothing can be running', async () => {
    for (const held of [await claimedTask(database.pool), await runningTask(database.pool)]) {
      await cancelTask(database.pool, held.taskId, { reason: 'not needed', actor: 'coordinator', now: at(5) })
      expect(await expire(held, 90)).toMatchObject({
        status: 'cancelled',
        finishedAt: at(90),
        cancelReason: 'not needed',
      })
    }
  })
})
