import { describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import { assignTask, cancelTask, flipUndecided, getTask, listTaskEvents } from '@switchyard/store'
import type { AssignTaskResult, ClaimForAgentResult, Pool } from '@switchyard/store'
import { claimForAgent } from '../support/claim-for-agent.ts'
import { claimForHost } from '../support/claim-for-host.ts'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { addAgent, addHost, addTask } from '../support/task-factory.ts'

const stage = useRaceStage()

const claim =
  (task: Task, agentId = 'agent') =>
  (pool: Pool): Promise<ClaimForAgentResult> =>
    claimForAgent(pool, {
      agentId,
      labels: task.requires,
      maxConcurrent: null,
      startSeconds: 30,
      requestKey: null,
      now: at(31),
    })
const cancel =
  ({ id }: Task) =>
  (pool: Pool): Promise<Task | null> =>
    cancelTask(pool, id, { reason: 'not needed', actor: 'coordinator', now: at(31) })
const flip = (pool: Pool): Promise<number> =>
  flipUndecided(pool, 30, { limit: 100, actor: 'dispatcher', now: at(31) })

async function eventsOf(task: Task): Promise<string[]> {
  return (await listTaskEvents(stage.database.pool, task.id)).map(({ event }) => event)
}

describe('a claim and a cancellation', () => {
  it('a claim passes over a task that is being cancelled', async () => {
    const task = await addTask(stage.database.pool)
    const { won, lost } = await stage.overtake(cancel(task), claim(task))
    expect(won).toMatchObject({ status: 'cancelled' })
    expect(lost).toEqual({ kind: 'empty' })
    expect(await eventsOf(task)).toEqual(['created', 'cancel'])
  })

  it('a cancellation that comes second becomes a request to the holder', async () => {
    const task = await addTask(stage.database.pool)
    const { lost } = await stage.race(claim(task), cancel(task))
    expect(lost).toMatchObject({
      status: 'claimed',
      cancelRequestedAt: at(31),
      agentId: 'agent',
      finishedAt: null,
    })
    expect(await eventsOf(task)).toEqual(['created', 'claim', 'cancel_requested'])
  })
})

describe('a claim and an assignment', () => {
  const assign =
    (task: Task, agentId: string) =>
    (pool: Pool): Promise<AssignTaskResult> =>
      assignTask(pool, { taskId: task.id, agentId, executionMode: null, actor: 'coordinator', now: at(31) })

  it('a claim passes over a task that is being assigned to somebody else', async () => {
    const task = await addTask(stage.database.pool)
    const agentId = await addAgent(stage.database.pool)
    const { won, lost } = await stage.overtake(assign(task, agentId), claim(task))
    expect(won).toMatchObject({ kind: 'assigned' })
    expect(lost).toEqual({ kind: 'empty' })
    expect(await claim(task)(stage.second.pool)).toEqual({ kind: 'empty' })
    expect(await claim(task, agentId)(stage.second.pool)).toMatchObject({ kind: 'claimed' })
  })

  it('an assignment that comes second is refused and changes nothing', async () => {
    const task = await addTask(stage.database.pool)
    const { lost } = await stage.race(claim(task), assign(task, await addAgent(stage.database.pool)))
    expect(lost).toMatchObject({ kind: 'invalid_state', task: { status: 'claimed', agentId: 'agent' } })
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({
      assignedAgentId: null,
      modeDecidedBy: 'dequeue',
    })
  })
})

describe('a claim and phase 2', () => {
  it('an agent passes over a task that is being flipped, and gets it afterwards', async () => {
    const task = await addTask(stage.database.pool)
    const { won, lost } = await stage.overtake(flip, claim(task))
    expect(won).toBe(1)
    expect(lost).toEqual({ kind: 'empty' })
    expect(await claim(task)(stage.second.pool)).toMatchObject({
      kind: 'claimed',
      claim: { task: { id: task.id } },
    })
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({ modeDecidedBy: 'timeout' })
  })

  it('a host that comes second does not get the task, then or later', async () => {
    const task = await addTask(stage.database.pool)
    const hostId = await addHost(stage.database.pool, { labels: [...task.requires] })
    const push = (pool: Pool): Promise<unknown[]> =>
      claimForHost(pool, { hostId, dispatcherId: 'd', startSeconds: 30, now: at(31) })
    const { won, lost } = await stage.overtake(flip, push)
    expect(won).toBe(1)
    expect(lost).toEqual([])
    expect(await push(stage.second.pool)).toEqual([])
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({
      status: 'pending',
      executionMode: 'http_pull',
    })
  })

  it('phase 2 passes over a task that a host is taking', async () => {
    const task = await addTask(stage.database.pool)
    const hostId = await addHost(stage.database.pool, { labels: [...task.requires] })
    const push = (pool: Pool): Promise<unknown[]> =>
      claimForHost(pool, { hostId, dispatcherId: 'd', startSeconds: 30, now: at(31) })
    const { won, lost } = await stage.overtake(push, flip)
    expect(won).toHaveLength(1)
    expect(lost).toBe(0)
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({
      status: 'claimed',
      executionMode: 'ssh_cli',
      agentId: hostId,
    })
  })

  it('an agent and a host never both get it', async () => {
    const task = await addTask(stage.database.pool)
    const hostId = await addHost(stage.database.pool, { labels: [...task.requires] })
    const push = (pool: Pool): Promise<unknown[]> =>
      claimForHost(pool, { hostId, dispatcherId: 'd', startSeconds: 30, now: at(31) })
    expect(await stage.overtake(push, claim(task))).toMatchObject({
      won: [{ agentId: hostId }],
      lost: { kind: 'empty' },
    })
    const other = await addTask(stage.database.pool)
    const otherHost = await addHost(stage.database.pool, { labels: [...other.requires] })
    const pushOther = (pool: Pool): Promise<unknown[]> =>
      claimForHost(pool, { hostId: otherHost, dispatcherId: 'd', startSeconds: 30, now: at(31) })
    expect(await stage.overtake(claim(other), pushOther)).toMatchObject({
      won: { kind: 'claimed' },
      lost: [],
    })
  })
})

describe('the last slot', () => {
  it('of an agent goes to the first of two calls', async () => {
    const task = await addTask(stage.database.pool)
    await addTask(stage.database.pool, { requires: task.requires })
    const agentId = await addAgent(stage.database.pool)
    const limited = (pool: Pool): Promise<ClaimForAgentResult> =>
      claimForAgent(pool, {
        agentId,
        labels: task.requires,
        maxConcurrent: 1,
        startSeconds: 30,
        requestKey: null,
        now: at(31),
      })
    expect(await stage.race(limited, limited)).toMatchObject({
      won: { kind: 'claimed' },
      lost: { kind: 'full' },
    })
  })

  it('of a host goes to the first of two replicas, and the second does not wait', async () => {
    const task = await addTask(stage.database.pool)
    await addTask(stage.database.pool, { requires: task.requires })
    const hostId = await addHost(stage.database.pool, { labels: [...task.requires], maxConcurrent: 1 })
    const push = (pool: Pool): Promise<unknown[]> =>
      claimForHost(pool, { hostId, dispatcherId: 'd', startSeconds: 30, now: at(31) })
    const { won, lost } = await stage.overtake(push, push)
    expect(won).toHaveLength(1)
    expect(lost).toEqual([])
    expect(await push(stage.second.pool)).toEqual([])
  })

  it('is not needed by a dequeue that is repeated before the first has answered', async () => {
    const task = await addTask(stage.database.pool)
    const agentId = await addAgent(stage.database.pool)
    const dequeue = (pool: Pool): Promise<ClaimForAgentResult> =>
      claimForAgent(pool, {
        agentId,
        labels: task.requires,
        maxConcurrent: 1,
        startSeconds: 30,
        requestKey: 'a',
        now: at(31),
      })
    const { won, lost } = await stage.race(dequeue, dequeue)
    expect(won).toMatchObject({ kind: 'claimed', claim: { task: { id: task.id } } })
    expect(lost).toMatchObject(won)
  })
})
