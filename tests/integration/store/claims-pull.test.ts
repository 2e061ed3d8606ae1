import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTask, getTask, listTaskEvents } from '@switchyard/store'
import type { NewTask } from '@switchyard/store'
import { claimForAgent } from '../../support/claim-for-agent.ts'
import type { ClaimForAgentRequest } from '../../support/claim-for-agent.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addTask, newTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let labels = 0
/** A queue of its own: only this agent can take these tasks. */
async function queueFor(
  ...tasks: Partial<NewTask>[]
): Promise<{ ids: string[]; request: ClaimForAgentRequest }> {
  const label = `queue-${++labels}`
  const ids = []
  for (const task of tasks) ids.push((await addTask(database.pool, { requires: [label], ...task })).id)
  const agentId = await addAgent(database.pool)
  return {
    ids,
    request: {
      agentId,
      labels: [label, 'linux'],
      maxConcurrent: null,
      startSeconds: 30,
      requestKey: null,
      now: at(5),
    },
  }
}

async function claimed(request: ClaimForAgentRequest): Promise<string | null> {
  const result = await claimForAgent(database.pool, request)
  return result.kind === 'claimed' ? result.claim.task.id : null
}

describe('a pulling agent', () => {
  it('gets the most urgent task, then the oldest', async () => {
    const { ids, request } = await queueFor(
      { priority: 3 },
      { priority: 4 },
      { priority: 1 },
      { priority: 3 },
    )
    const order = [
      await claimed(request),
      await claimed(request),
      await claimed(request),
      await claimed(request),
    ]
    expect(order).toEqual([ids[2], ids[0], ids[3], ids[1]])
    expect(await claimed(request)).toBeNull()
  })

  it('decides an undecided task in the same statement, and says so', async () => {
    const { ids, request } = await queueFor({})
    const result = await claimForAgent(database.pool, request)
    expect(result).toMatchObject({
      kind: 'claimed',
      claim: { mode: 'http_pull', leaseExpiresAt: at(35), agentId: request.agentId },
    })
    const task = await getTask(database.pool, ids[0]!)
    expect(task).toMatchObject({
      status: 'claimed',
      executionMode: 'http_pull',
      requestedMode: 'undecided',
      modeDecidedBy: 'dequeue',
      modeDecidedAt: at(5),
      attempt: 1,
      deliveries: 1,
      claimedAt: at(5),
      agentId: request.agentId,
    })
    expect((await listTaskEvents(database.pool, ids[0]!)).at(-1)).toMatchObject({
      event: 'claim',
      fromStatus: 'pending',
      toStatus: 'claimed',
      executionMode: 'http_pull',
      actor: `agent:${request.agentId}`,
    })
  })

  it('leaves the decision alone on a task that was http_pull by request', async () => {
    const { ids, request } = await queueFor({ requestedMode: 'http_pull' })
    await claimForAgent(database.pool, request)
    expect(await getTask(database.pool, ids[0]!)).toMatchObject({
      modeDecidedBy: 'creator',
      modeReason: 'as requested',
    })
  })

  it('never gets a task that was ssh_cli by request', async () => {
    const { request } = await queueFor({ requestedMode: 'ssh_cli' })
    expect(await claimed(request)).toBeNull()
  })

  it('gets a task only when it offers every label that is required', async () => {
    const { ids, request } = await queueFor(
      { requires: ['linux', 'gpu-only-here'] },
      { requires: ['linux-only-here', 'linux'] },
    )
    expect(await claimed(request)).toBeNull()
    expect(await claimed({ ...request, labels: ['gpu-only-here', 'linux'] })).toBe(ids[0])
    expect(await claimed({ ...request, labels: ['linux'] })).toBeNull()
  })

  it('never holds more than its limit, also when it asks many times at once', async () => {
    const { request } = await queueFor({}, {}, {}, {}, {})
    const limited = { ...request, maxConcurrent: 2 }
    const results = await Promise.all(Array.from({ length: 6 }, () => claimForAgent(database.pool, limited)))
    expect(results.map(({ kind }) => kind).sort()).toEqual([
      'claimed',
      'claimed',
      'full',
      'full',
      'full',
      'full',
    ])
  })

  it('gets nothing while it is paused', async () => {
    const { request } = await queueFor({})
    await database.pool.query('update agents set paused = true where id = $1', [request.agentId])
    expect(await claimForAgent(database.pool, { ...request, maxConcurrent: 1 })).toEqual({ kind: 'paused' })
  })

  it('shares a queue with others so that every task has one holder', async () => {
    const { request } = await queueFor()
    const tasks = Array.from({ length: 20 }, () =>
      createTask(database.pool, newTask({ requires: [request.labels[0]!] }), at(0)),
    )
    await Promise.all(tasks)
    const ids = await Promise.all(Array.from({ length: 25 }, () => claimed(request)))
    const taken = ids.filter((id) => id !== null)
    expect(new Set(taken).size).toBe(taken.length)
    expect(await claimed(request)).toBeNull()
    expect(taken).toHaveLength(20)
  })
})
