import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ENDED_STATUSES, HELD_STATUSES, UNHELD_STATUSES } from '@switchyard/core'
import { assignTask, getTask, listTaskEvents } from '@switchyard/store'
import type { AssignTaskRequest } from '@switchyard/store'
import { claimForAgent } from '../../support/claim-for-agent.ts'
import { claimForHost } from '../../support/claim-for-host.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addHost, addTask, taskIn } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function assignment(
  taskId: string,
  agentId: string,
  changes: Partial<AssignTaskRequest> = {},
): AssignTaskRequest {
  return { taskId, agentId, executionMode: null, actor: 'coordinator', now: at(5), ...changes }
}

describe('an assignment', () => {
  it.each(UNHELD_STATUSES)('reserves a task that is %s, on the track of the agent', async (status) => {
    const { taskId } = await taskIn(database.pool, status)
    const agentId = await addAgent(database.pool)
    const result = await assignTask(database.pool, assignment(taskId, agentId))
    expect(result).toMatchObject({
      kind: 'assigned',
      task: {
        status,
        executionMode: 'http_pull',
        requestedMode: 'undecided',
        assignedAgentId: agentId,
        modeDecidedBy: 'coordinator',
        modeDecidedAt: at(5),
      },
    })
    expect((await listTaskEvents(database.pool, taskId)).at(-1)).toMatchObject({
      event: 'assigned',
      fromStatus: status,
      toStatus: status,
      agentId,
    })
  })

  it('to a host makes it ssh_cli', async () => {
    const { id } = await addTask(database.pool)
    const result = await assignTask(database.pool, assignment(id, await addHost(database.pool)))
    expect(result).toMatchObject({ kind: 'assigned', task: { executionMode: 'ssh_cli' } })
  })

  it('may be changed while nobody holds the task', async () => {
    const { id } = await addTask(database.pool)
    await assignTask(database.pool, assignment(id, await addHost(database.pool)))
    const agentId = await addAgent(database.pool)
    const result = await assignTask(database.pool, assignment(id, agentId, { executionMode: 'http_pull' }))
    expect(result).toMatchObject({
      kind: 'assigned',
      task: { assignedAgentId: agentId, executionMode: 'http_pull' },
    })
  })

  it.each([...HELD_STATUSES, ...ENDED_STATUSES])('is refused for a task that is %s', async (status) => {
    const { taskId } = await taskIn(database.pool, status)
    const before = await getTask(database.pool, taskId)
    const result = await assignTask(database.pool, assignment(taskId, await addAgent(database.pool)))
    expect(result).toMatchObject({ kind: 'invalid_state', task: { status } })
    expect(await getTask(database.pool, taskId)).toEqual(before)
  })

  it('needs a task and an agent that exist', async () => {
    const { id } = await addTask(database.pool)
    expect(await assignTask(database.pool, assignment(randomUUID(), 'nobody'))).toEqual({
      kind: 'task_not_found',
    })
    expect(await assignTask(database.pool, assignment(id, 'nobody'))).toEqual({ kind: 'agent_not_found' })
  })

  it('refuses the other track, whoever asks for it', async () => {
    const agentId = await addAgent(database.pool)
    const { id } = await addTask(database.pool)
    const asked = await assignTask(database.pool, assignment(id, agentId, { executionMode: 'ssh_cli' }))
    expect(asked).toMatchObject({ kind: 'mode_mismatch', agentMode: 'http_pull' })
    const pushed = await addTask(database.pool, { requestedMode: 'ssh_cli' })
    expect(await assignTask(database.pool, assignment(pushed.id, agentId))).toMatchObject({
      kind: 'mode_mismatch',
    })
    const pulled = await addTask(database.pool, { requestedMode: 'http_pull' })
    const hostId = await addHost(database.pool)
    expect(await assignTask(database.pool, assignment(pulled.id, hostId))).toMatchObject({
      kind: 'mode_mismatch',
      agentMode: 'ssh_cli',
    })
  })
})

describe('an assigned task', () => {
  it('is taken by its agent, labels or not, and by nobody else', async () => {
    const { id, requires } = await addTask(database.pool)
    const agentId = await addAgent(database.pool)
    await assignTask(database.pool, assignment(id, agentId))
    const request = { maxConcurrent: null, startSeconds: 30, requestKey: null, now: at(6) }
    const other = await claimForAgent(database.pool, { ...request, agentId: 'other', labels: requires })
    expect(other).toEqual({ kind: 'empty' })
    const hostId = await addHost(database.pool, { labels: [...requires] })
    expect(
      await claimForHost(database.pool, { hostId, dispatcherId: 'd', startSeconds: 30, now: at(6) }),
    ).toEqual([])
    const own = await claimForAgent(database.pool, { ...request, agentId, labels: [] })
    expect(own).toMatchObject({ kind: 'claimed', claim: { task: { id } } })
    expect(await getTask(database.pool, id)).toMatchObject({ modeDecidedBy: 'coordinator' })
  })

  it('is taken by its host, and by no other', async () => {
    const { id, requires } = await addTask(database.pool)
    const hostId = await addHost(database.pool)
    const other = await addHost(database.pool, { labels: [...requires] })
    await assignTask(database.pool, assignment(id, hostId))
    const claim = (host: string): Promise<unknown[]> =>
      claimForHost(database.pool, { hostId: host, dispatcherId: 'd', startSeconds: 30, now: at(6) })
    expect(await claim(other)).toEqual([])
    expect(await claim(hostId)).toMatchObject([{ task: { id } }])
  })
})
