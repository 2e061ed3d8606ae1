import { describe, expect, it } from '@jest/globals'
import { cancelTask, claimForAgents, renewLease } from '@switchyard/store'
import type { AgentRequest, ClaimForAgentsResult, Pool } from '@switchyard/store'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { addAgent, addTask } from '../support/task-factory.ts'

const stage = useRaceStage()

let labels = 0
const newLabel = (): string => `queue-${++labels}`

async function addTasks(label: string, count: number): Promise<string[]> {
  const ids = []
  for (let n = 0; n < count; n++) ids.push((await addTask(stage.database.pool, { requires: [label] })).id)
  return ids
}

const batch =
  (label: string, requests: readonly AgentRequest[], whenLocked: 'skip' | 'wait' = 'skip') =>
  (pool: Pool): Promise<ClaimForAgentsResult[]> =>
    claimForAgents(pool, { labels: [label], requests, startSeconds: 30, whenLocked, now: at(31) })

const open = (agentId: string): AgentRequest => ({ agentId, maxConcurrent: null, requestKey: null })

function outcomes(results: readonly ClaimForAgentsResult[]): string[] {
  return results.map((result) => (result.kind === 'claimed' ? result.claim.task.id : result.kind))
}

describe('two batches at once', () => {
  it('share the queue: the second goes on behind what the first has locked', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 5)
    const agentId = await addAgent(stage.database.pool)
    const three = batch(label, [open(agentId), open(agentId), open(agentId)])
    const { won, lost } = await stage.overtake(three, three)
    expect(outcomes(won)).toEqual(ids.slice(0, 3))
    expect(outcomes(lost)).toEqual([...ids.slice(3), 'empty'])
  })

  it('share it also when the first has locked more than the second looks at first', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 120)
    const agentId = await addAgent(stage.database.pool)
    const many = batch(label, Array<AgentRequest>(110).fill(open(agentId)))
    const { lost } = await stage.overtake(many, batch(label, [open(agentId)]))
    expect(outcomes(lost)).toEqual([ids[110]])
  })

  it('the agent that somebody else is serving is busy, and its neighbours are served', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 3)
    const limited = { ...open(await addAgent(stage.database.pool)), maxConcurrent: 1 }
    const keyed = { ...open(await addAgent(stage.database.pool)), requestKey: 'k' }
    const { won, lost } = await stage.overtake(batch(label, [limited]), batch(label, [limited, keyed]))
    expect(outcomes(won)).toEqual([ids[0]])
    expect(outcomes(lost)).toEqual(['busy', ids[1]])
    expect(outcomes(await batch(label, [limited, keyed])(stage.second.pool))).toEqual(['full', ids[1]])
  })

  it('wait for each other in one order when they are told to wait', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 4)
    const [a, b] = [await addAgent(stage.database.pool), await addAgent(stage.database.pool)].map(
      (agentId) => ({
        ...open(agentId),
        maxConcurrent: 1,
      }),
    )
    const { won, lost } = await stage.race(batch(label, [a!, b!], 'wait'), batch(label, [b!, a!], 'wait'))
    expect(outcomes(won)).toEqual(ids.slice(0, 2))
    expect(outcomes(lost)).toEqual(['full', 'full'])
  })
})

describe('a batch and somebody who changes a task', () => {
  it('passes over a task that is being cancelled and takes its neighbours', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 3)
    const agentId = await addAgent(stage.database.pool)
    const cancel = (pool: Pool): Promise<unknown> =>
      cancelTask(pool, ids[0]!, { reason: 'not needed', actor: 'coordinator', now: at(31) })
    const { lost } = await stage.overtake(cancel, batch(label, [open(agentId), open(agentId), open(agentId)]))
    expect(outcomes(lost)).toEqual([ids[1], ids[2], 'empty'])
  })
})

describe('many batches at once', () => {
  it('give every task to one holder, hold to every limit, and end with an empty queue', async () => {
    const label = newLabel()
    const ids = await addTasks(label, 60)
    const agents = []
    for (let n = 0; n < 6; n++) agents.push(await addAgent(stage.database.pool))
    const requests = agents.flatMap((agentId, n) => {
      const request = { agentId, maxConcurrent: n < 3 ? 2 : null, requestKey: null }
      return [request, request, request]
    })
    const taken: string[] = []
    const holding = new Map<string, number>()
    const worker = async (): Promise<void> => {
      for (;;) {
        const results = await batch(label, requests)(stage.database.pool)
        const claims = results.flatMap((result) => (result.kind === 'claimed' ? [result.claim] : []))
        for (const { task, agentId, leaseToken } of claims) {
          taken.push(task.id)
          holding.set(agentId, (holding.get(agentId) ?? 0) + 1)
          const lease = {
            taskId: task.id,
            leaseToken,
            leaseSeconds: 90,
            progress: null,
            actor: 'agent',
            now: at(32),
          }
          await renewLease(stage.database.pool, lease)
        }
        if (claims.length === 0 && results.every(({ kind }) => kind !== 'busy')) return
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(taken).toHaveLength(ids.length)
    expect(new Set(taken)).toEqual(new Set(ids))
    for (const agentId of agents.slice(0, 3)) expect(holding.get(agentId) ?? 0).toBeLessThanOrEqual(2)
  })
})
