import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assignTask, claimForHosts, getTask, recordDialFailure, recordDialSuccess } from '@switchyard/store'
import type { HostDefinition, NewTask } from '@switchyard/store'
import { claimForHost } from '../../support/claim-for-host.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addHost, addTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let labels = 0
async function queueFor(
  host: Partial<HostDefinition>,
  ...tasks: Partial<NewTask>[]
): Promise<{ ids: string[]; hostId: string }> {
  const label = `queue-${++labels}`
  const ids = []
  for (const task of tasks) ids.push((await addTask(database.pool, { requires: [label], ...task })).id)
  return { ids, hostId: await addHost(database.pool, { labels: [label, 'linux'], ...host }) }
}

async function claimed(hostId: string, now = at(5)): Promise<string[]> {
  const claims = await claimForHost(database.pool, { hostId, dispatcherId: 'd1', startSeconds: 30, now })
  return claims.map(({ task }) => task.id)
}

describe('a host', () => {
  it('gets as many tasks as it has slots, most urgent first', async () => {
    const { ids, hostId } = await queueFor({ maxConcurrent: 3 }, {}, { priority: 4 }, { priority: 1 }, {})
    expect(await claimed(hostId)).toEqual([ids[2], ids[0], ids[3]])
    expect(await claimed(hostId)).toEqual([])
  })

  it('turns an undecided task into ssh_cli and leaves the others their decision', async () => {
    const { ids, hostId } = await queueFor({ maxConcurrent: 2 }, {}, { requestedMode: 'ssh_cli' })
    await claimed(hostId)
    expect(await getTask(database.pool, ids[0]!)).toMatchObject({
      status: 'claimed',
      executionMode: 'ssh_cli',
      modeDecidedBy: 'dispatcher',
      modeDecidedAt: at(5),
      agentId: hostId,
      attempt: 1,
      deliveries: 1,
    })
    expect(await getTask(database.pool, ids[1]!)).toMatchObject({
      executionMode: 'ssh_cli',
      modeDecidedBy: 'creator',
    })
  })

  it('never gets a task that was http_pull by request, nor one that needs what it lacks', async () => {
    const { hostId } = await queueFor(
      { maxConcurrent: 2 },
      { requestedMode: 'http_pull' },
      { requires: ['linux', 'windows'] },
    )
    expect(await claimed(hostId)).toEqual([])
  })

  it('gets nothing while it is paused or cools down', async () => {
    const { hostId } = await queueFor({ paused: true }, {})
    expect(await claimed(hostId)).toEqual([])
    const cooling = await queueFor({}, {})
    await recordDialFailure(database.pool, {
      hostId: cooling.hostId,
      cooldownSeconds: 10,
      error: 'refused',
      shownHostKeySha256: null,
      now: at(5),
    })
    expect(await claimed(cooling.hostId, at(14))).toEqual([])
    expect(await claimed(cooling.hostId, at(15))).toEqual(cooling.ids)
  })

  it('that failed gets one task at a time until a dial works', async () => {
    const { ids, hostId } = await queueFor({ maxConcurrent: 3 }, {}, {}, {})
    await recordDialFailure(database.pool, {
      hostId,
      cooldownSeconds: 10,
      error: 'refused',
      shownHostKeySha256: null,
      now: at(0),
    })
    expect(await claimed(hostId, at(20))).toEqual([ids[0]])
    expect(await claimed(hostId, at(20))).toEqual([])
    await recordDialSuccess(database.pool, hostId, at(21))
    expect(await claimed(hostId, at(22))).toEqual([ids[1], ids[2]])
  })

  it('never gets more than its slots from many replicas at once', async () => {
    const { hostId } = await queueFor({ maxConcurrent: 3 }, {}, {}, {}, {}, {}, {})
    const rounds = await Promise.all(Array.from({ length: 8 }, () => claimed(hostId)))
    expect(rounds.flat()).toHaveLength(3)
  })
})

describe('a claim for many hosts', () => {
  async function claimFor(hostIds: readonly string[] | null): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    const request = { hostIds, dispatcherId: 'd1', startSeconds: 30, now: at(5) }
    await claimForHosts(database.pool, request, (claims) => {
      for (const { agentId } of claims) counts.set(agentId, (counts.get(agentId) ?? 0) + 1)
    })
    return counts
  }

  it('spreads a few tasks over them, and fills them when there are more', async () => {
    const label = `spread-${randomUUID()}`
    const hosts: string[] = []
    for (const maxConcurrent of [4, 4, 2])
      hosts.push(await addHost(database.pool, { labels: [label], maxConcurrent }))
    for (let n = 0; n < 3; n++) await addTask(database.pool, { requires: [label] })
    const first = await claimFor(hosts)
    expect(hosts.map((host) => first.get(host))).toEqual([1, 1, 1])
    for (let n = 0; n < 12; n++) await addTask(database.pool, { requires: [label] })
    const second = await claimFor(hosts)
    expect(hosts.map((host) => second.get(host))).toEqual([3, 3, 1])
    expect(await claimFor(hosts)).toEqual(new Map())
  })

  it('gives each what fits it, what is reserved for it, and a probe one task', async () => {
    const [label, other] = [`one-${randomUUID()}`, `other-${randomUUID()}`]
    const fitting = await addHost(database.pool, { labels: [label], maxConcurrent: 9 })
    const failing = await addHost(database.pool, { labels: [other], maxConcurrent: 9 })
    const reserving = await addHost(database.pool, { maxConcurrent: 9 })
    await database.pool.query('update hosts set failures = 1, cooling_down_until = null where id = $1', [
      failing,
    ])
    for (let n = 0; n < 3; n++) {
      await addTask(database.pool, { requires: [label] })
      await addTask(database.pool, { requires: [other] })
    }
    const reserved = await addTask(database.pool)
    const assignment = {
      taskId: reserved.id,
      agentId: reserving,
      executionMode: null,
      actor: 'coordinator',
      now: at(1),
    }
    await assignTask(database.pool, assignment)
    const counts = await claimFor([fitting, failing, reserving])
    expect([fitting, failing, reserving].map((host) => counts.get(host))).toEqual([3, 1, 1])
  })
})
