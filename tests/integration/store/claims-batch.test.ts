import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assignTask, claimForAgents, createScanMemory, getTask, listTaskEvents } from '@switchyard/store'
import type { AgentRequest, ClaimForAgentsResult, NewTask, ScanMemory } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let labels = 0
/** A queue of its own, with these tasks in it. */
async function queueOf(...tasks: Partial<NewTask>[]): Promise<{ label: string; ids: string[] }> {
  const label = `queue-${++labels}`
  const ids = []
  for (const task of tasks) ids.push((await addTask(database.pool, { requires: [label], ...task })).id)
  return { label, ids }
}

function claim(
  label: string,
  requests: readonly (Partial<AgentRequest> & { agentId: string })[],
  scan: ScanMemory = createScanMemory(),
): Promise<ClaimForAgentsResult[]> {
  return claimForAgents(database.pool, {
    labels: [label, 'linux'],
    requests: requests.map((request) => ({ maxConcurrent: null, requestKey: null, ...request })),
    startSeconds: 30,
    scan,
    now: at(5),
  })
}

/** The claimed tasks, or why there is none. */
function outcomes(results: readonly ClaimForAgentsResult[]): string[] {
  return results.map((result) => (result.kind === 'claimed' ? result.claim.task.id : result.kind))
}

describe('a claim for many requests', () => {
  it('gives each its own task, in the order of the queue, and the rest nothing', async () => {
    const { label, ids } = await queueOf({ priority: 3 }, { priority: 1 }, { priority: 3 })
    const [a, b] = [await addAgent(database.pool), await addAgent(database.pool)]
    const results = await claim(label, [{ agentId: a }, { agentId: b }, { agentId: a }, { agentId: b }])
    expect(outcomes(results)).toEqual([ids[1], ids[0], ids[2], 'empty'])
    const holders = results.map((result) => (result.kind === 'claimed' ? result.claim.agentId : null))
    expect(holders).toEqual([a, b, a, null])
    expect((await listTaskEvents(database.pool, ids[0]!)).at(-1)).toMatchObject({
      event: 'claim',
      agentId: b,
      actor: `agent:${b}`,
    })
  })

  it('takes from every lane that the labels allow, by priority and turn, and from no other', async () => {
    const { label } = await queueOf()
    const own = await addTask(database.pool, { requires: [label] })
    await addTask(database.pool, { requires: [label, `not-${label}`], priority: 1 })
    const both = await addTask(database.pool, { requires: ['linux', label], priority: 2 })
    const twice = await addTask(database.pool, { requires: [label, 'linux', label], priority: 2 })
    const agentId = await addAgent(database.pool)
    const asked = Array.from({ length: 4 }, () => ({ agentId }))
    expect(outcomes(await claim(label, asked))).toEqual([both.id, twice.id, own.id, 'empty'])
  })

  it('holds to the limit of an agent that asks several times, and to the others it gives', async () => {
    const { label, ids } = await queueOf({}, {}, {}, {})
    const [few, many] = [await addAgent(database.pool), await addAgent(database.pool)]
    const limited = { agentId: few, maxConcurrent: 1 }
    const results = await claim(label, [limited, limited, { agentId: many }, limited])
    expect(outcomes(results)).toEqual([ids[0], 'full', ids[1], 'full'])
    expect(outcomes(await claim(label, [limited, { agentId: many, maxConcurrent: 2 }]))).toEqual([
      'full',
      ids[2],
    ])
  })

  it('gives one key one claim, within a call and in the next one', async () => {
    const { label, ids } = await queueOf({}, {}, {})
    const agentId = await addAgent(database.pool)
    const [k, l] = ['k', 'l'].map((requestKey) => ({ agentId, requestKey, maxConcurrent: 2 }))
    const first = await claim(label, [k!, k!, l!])
    expect(outcomes(first)).toEqual([ids[0], ids[0], ids[1]])
    expect(first[1]).toEqual(first[0])
    const other = { agentId: await addAgent(database.pool), requestKey: 'k' }
    const again = await claim(label, [l!, { ...k!, requestKey: 'm' }, k!, other])
    expect(outcomes(again)).toEqual([ids[1], 'full', ids[0], ids[2]])
  })

  it('gives what was assigned to an agent to that agent only, in the order of the queue', async () => {
    const { label, ids } = await queueOf({ priority: 2 }, {}, {}, { priority: 4 })
    const [own, other] = [await addAgent(database.pool), await addAgent(database.pool)]
    const options = { agentId: own, executionMode: null, actor: 'coordinator', now: at(2) }
    await assignTask(database.pool, { taskId: ids[3]!, ...options })
    await assignTask(database.pool, { taskId: ids[2]!, ...options })
    const asked = [own, other, other, own, own].map((agentId) => ({ agentId }))
    // Those with something reserved come last within a call: the others got what is for everybody.
    expect(outcomes(await claim(label, asked))).toEqual([ids[2], ids[0], ids[1], ids[3], 'empty'])
  })

  it('answers for an agent that is paused or gone, and serves its neighbours', async () => {
    const { label, ids } = await queueOf({}, {})
    const [paused, other] = [await addAgent(database.pool), await addAgent(database.pool)]
    await database.pool.query('update agents set paused = true where id = $1', [paused])
    const results = await claim(label, [
      { agentId: paused, maxConcurrent: 3 },
      { agentId: 'nobody', requestKey: 'k' },
      { agentId: other, maxConcurrent: 3 },
    ])
    expect(outcomes(results)).toEqual(['paused', 'paused', ids[0]])
  })
})

describe('a remembered place', () => {
  /** One that has just been at the beginning, at great cost. */
  function tired(label: string): ScanMemory {
    const scan = createScanMemory()
    const end = { fromBeginning: true, cost: 1_000_000, claimed: [], reachedEnd: true }
    scan.end([label, 'linux'], end, performance.now())
    return scan
  }

  it('is where the next scan begins, and what lies before it is said to be looked at later', async () => {
    const { label, ids } = await queueOf({}, {}, {})
    const agentId = await addAgent(database.pool)
    const scan = tired(label)
    expect(outcomes(await claim(label, [{ agentId }, { agentId }], scan))).toEqual([ids[0], ids[1]])
    // Back in the queue, where it was: before the place.
    await database.pool.query(
      `update tasks set status = 'pending', lease_token = null, lease_expires_at = null where id = $1`,
      [ids[0]],
    )
    const results = await claim(label, [{ agentId }, { agentId }], scan)
    expect(outcomes(results)).toEqual([ids[2], 'empty'])
    expect(results[1]).toMatchObject({ lookAgainAfter: expect.any(Number) })
    expect(outcomes(await claim(label, [{ agentId }, { agentId }]))).toEqual([ids[0], 'empty'])
  })
})

describe('two sets of labels with the same number', () => {
  it('do not give a task to somebody whom it does not fit', async () => {
    const { label, ids } = await queueOf({})
    // As if the other set had come first: the lane says less than the task.
    await database.pool.query('alter table lanes alter column id drop expression')
    await database.pool.query(`update lanes set requires = '{linux}' where requires = $1`, [[label]])
    const agentId = await addAgent(database.pool)
    expect(outcomes(await claim('another', [{ agentId }]))).toEqual(['empty'])
    expect(await getTask(database.pool, ids[0]!)).toMatchObject({ status: 'pending' })
  })
})
