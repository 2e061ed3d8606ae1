import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { renewLease } from '@switchyard/store'
import type { ClaimForAgentResult } from '@switchyard/store'
import { claimForAgent } from '../../support/claim-for-agent.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let labels = 0
async function agentWithTasks(
  count: number,
): Promise<(requestKey: string, maxConcurrent?: number) => Promise<ClaimForAgentResult>> {
  const label = `queue-${++labels}`
  for (let n = 0; n < count; n++) await addTask(database.pool, { requires: [label] })
  const agentId = await addAgent(database.pool)
  return (requestKey, maxConcurrent) =>
    claimForAgent(database.pool, {
      agentId,
      labels: [label],
      maxConcurrent: maxConcurrent ?? null,
      startSeconds: 30,
      requestKey,
      now: at(5),
    })
}

function claimOf(result: ClaimForAgentResult): { taskId: string; leaseToken: string } {
  if (result.kind !== 'claimed') throw new Error(`not claimed: ${result.kind}`)
  return { taskId: result.claim.task.id, leaseToken: result.claim.leaseToken }
}

describe('a dequeue with a request key', () => {
  it('gets the same claim again, and another one under another key', async () => {
    const dequeue = await agentWithTasks(2)
    const first = claimOf(await dequeue('a'))
    expect(claimOf(await dequeue('a'))).toEqual(first)
    expect(claimOf(await dequeue('b'))).not.toEqual(first)
    expect(await dequeue('c')).toEqual({ kind: 'empty' })
  })

  it('gets the same claim again although its limit is reached', async () => {
    const dequeue = await agentWithTasks(2)
    const first = claimOf(await dequeue('a', 1))
    expect(claimOf(await dequeue('a', 1))).toEqual(first)
    expect(await dequeue('b', 1)).toEqual({ kind: 'full' })
  })

  it.each([
    [1, 'no limit', undefined],
    [5, 'no limit', undefined],
    [5, 'a limit of one', 1],
  ])('gets one claim from many calls at once (%d tasks, %s)', async (tasks, _, limit) => {
    const dequeue = await agentWithTasks(tasks)
    const results = await Promise.all(Array.from({ length: 6 }, () => dequeue('a', limit)))
    expect(new Set(results.map((result) => claimOf(result).leaseToken)).size).toBe(1)
  })

  it('gets a new task once the first one has started or come back', async () => {
    const dequeue = await agentWithTasks(2)
    const first = claimOf(await dequeue('a'))
    await renewLease(database.pool, {
      ...first,
      leaseSeconds: 90,
      progress: null,
      actor: 'agent',
      now: at(6),
    })
    const second = claimOf(await dequeue('a'))
    expect(second.taskId).not.toBe(first.taskId)
    await settle(database.pool, second, { event: 'unclaim', reason: 'not started' })
    const again = claimOf(await dequeue('a'))
    expect(again.taskId).toBe(second.taskId)
    expect(again.leaseToken).not.toBe(second.leaseToken)
  })
})
