import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { claimForHost } from '../../support/claim-for-host.ts'
import { dequeue, dequeued, postAgent, postTask, TOKENS } from '../../support/api.ts'
import type { Answer, Body } from '../../support/api.ts'
import { addHost } from '../../support/task-factory.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

function assign(taskId: string, body: Body): Promise<Answer> {
  return api.call('POST', `/api/v1/tasks/${taskId}/assign`, body, { token: TOKENS.coordinator })
}

describe('POST /api/v1/tasks/{task_id}/assign', () => {
  it.each([{}, { execution_mode: 'http_pull' }])(
    'makes it http_pull for a registered agent: %j',
    async (mode) => {
      const agent = await postAgent(api)
      const { id } = await postTask(api, { requires: ['what-it-lacks'] })
      const { status, body } = await assign(id, { agent_id: agent.id, ...mode })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        status: 'pending',
        execution_mode: 'http_pull',
        requested_mode: 'undecided',
        assigned_agent_id: agent.id,
        agent_id: null,
      })
      const routing = await api.call('GET', `/api/v1/tasks/${id}/routing`)
      expect(routing.body).toMatchObject({ decided_by: 'coordinator', reason: `assigned to ${agent.id}` })
    },
  )

  it.each([{}, { execution_mode: 'ssh_cli' }])('makes it ssh_cli for a configured host: %j', async (mode) => {
    const hostId = await addHost(stack.database.pool)
    const { id } = await postTask(api)
    const { status, body } = await assign(id, { agent_id: hostId, ...mode })
    expect(status).toBe(200)
    expect(body).toMatchObject({ execution_mode: 'ssh_cli', assigned_agent_id: hostId, status: 'pending' })
  })

  it('gives the task to that agent and to nobody else', async () => {
    const chosen = await postAgent(api)
    const other = await postAgent(api)
    const { id } = await postTask(api, { requires: other.labels })
    await assign(id, { agent_id: chosen.id })
    expect((await dequeue(api, other)).status).toBe(204)
    const claimed = await dequeue(api, chosen)
    expect(claimed.body).toMatchObject({ task: { id, agent_id: chosen.id } })
  })

  it('gives the task to that host and to nobody else', async () => {
    const { pool } = stack.database
    const labels = [`only-${randomUUID()}`]
    const hostId = await addHost(pool, { labels })
    const other = await addHost(pool, { labels })
    const agent = await postAgent(api, { labels })
    const { id } = await postTask(api, { requires: labels })
    await assign(id, { agent_id: hostId })
    const request = { dispatcherId: 'one', startSeconds: 30 }
    expect(await claimForHost(pool, { hostId: other, ...request })).toEqual([])
    expect((await dequeue(api, agent)).status).toBe(204)
    const [claim] = await claimForHost(pool, { hostId, ...request })
    expect(claim?.task).toMatchObject({ id, executionMode: 'ssh_cli' })
  })

  it('can be changed as long as nobody holds the task', async () => {
    const agent = await postAgent(api)
    const hostId = await addHost(stack.database.pool)
    const { id } = await postTask(api)
    await assign(id, { agent_id: agent.id })
    expect((await assign(id, { agent_id: hostId })).body).toMatchObject({
      execution_mode: 'ssh_cli',
      assigned_agent_id: hostId,
    })
  })

  it.each([
    ['scheduled', { run_at: '2999-01-01T00:00:00Z' }],
    ['waiting', { concurrency_key: 'one-at-a-time' }],
  ])('works on a task that is %s', async (status, task) => {
    const agent = await postAgent(api)
    await postTask(api, task)
    const { id } = await postTask(api, task)
    expect((await assign(id, { agent_id: agent.id })).body).toMatchObject({
      status,
      assigned_agent_id: agent.id,
    })
  })

  it('is 404 for a task or an agent that does not exist', async () => {
    const agent = await postAgent(api)
    const unknown = await assign(randomUUID(), { agent_id: agent.id })
    expect([unknown.status, unknown.body['code']]).toEqual([404, 'task_not_found'])
    const { id } = await postTask(api)
    const nobody = await assign(id, { agent_id: 'nobody' })
    expect([nobody.status, nobody.body['code']]).toEqual([404, 'agent_not_found'])
  })

  it('is 400 for a task that somebody holds or that has ended, naming its status and the allowed ones', async () => {
    const { agent, task, lease } = await dequeued(api)
    const expected = {
      code: 'invalid_state',
      allowed_statuses: ['waiting', 'scheduled', 'pending'],
      agent_id: agent.id,
    }
    const held = await assign(task.id, { agent_id: agent.id })
    expect(held.status).toBe(400)
    expect(held.body).toMatchObject({ ...expected, task_status: 'claimed' })
    await api.call(
      'POST',
      `/api/v1/tasks/${task.id}/complete`,
      { lease_token: lease.token },
      { token: agent.token },
    )
    const ended = await assign(task.id, { agent_id: agent.id })
    expect(ended.status).toBe(400)
    expect(ended.body).toMatchObject({ ...expected, task_status: 'succeeded' })
  })

  it('is 400 for a mode that the agent does not have', async () => {
    const agent = await postAgent(api)
    const hostId = await addHost(stack.database.pool)
    const { id } = await postTask(api)
    const pull = await assign(id, { agent_id: agent.id, execution_mode: 'ssh_cli' })
    expect(pull.status).toBe(400)
    expect(pull.body).toMatchObject({ code: 'mode_mismatch', agent_mode: 'http_pull' })
    const push = await assign(id, { agent_id: hostId, execution_mode: 'http_pull' })
    expect(push.body).toMatchObject({ code: 'mode_mismatch', agent_mode: 'ssh_cli' })
    expect((await api.call('GET', `/api/v1/tasks/${id}`)).body).toMatchObject({ execution_mode: 'undecided' })
  })

  it('is 400 for an agent of the other track when the creator asked for one', async () => {
    const agent = await postAgent(api)
    const hostId = await addHost(stack.database.pool)
    const push = await postTask(api, { execution_mode: 'ssh_cli' })
    const refused = await assign(push.id, { agent_id: agent.id })
    expect(refused.body).toMatchObject({ code: 'mode_mismatch', expected_mode: 'ssh_cli' })
    const pull = await postTask(api, { execution_mode: 'http_pull' })
    expect((await assign(pull.id, { agent_id: hostId })).body['code']).toBe('mode_mismatch')
    expect((await assign(push.id, { agent_id: hostId })).status).toBe(200)
    expect((await assign(pull.id, { agent_id: agent.id })).status).toBe(200)
  })

  it('knows no mode undecided: that is the absence of a decision', async () => {
    const agent = await postAgent(api)
    const { id } = await postTask(api)
    const { status, body } = await assign(id, { agent_id: agent.id, execution_mode: 'undecided' })
    expect(status).toBe(400)
    expect(body['detail']).toContain('"ssh_cli", "http_pull"')
  })
})
