import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { dequeued, postAgent, postTask, TOKENS } from '../../support/api.ts'
import type { Answer, Body } from '../../support/api.ts'
import { orphanedTask } from '../../support/task-factory.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

function steer(id: string, verb: 'cancel' | 'rerun', body?: Body): Promise<Answer> {
  return api.call('POST', `/api/v1/tasks/${id}/${verb}`, body, { token: TOKENS.coordinator })
}

describe('cancel', () => {
  it.each([
    ['pending', {}],
    ['scheduled', { run_at: '2999-01-01T00:00:00Z' }],
    ['waiting', { concurrency_key: 'taken' }],
  ])('ends a task that is %s at once, with or without a body', async (status, task) => {
    await postTask(api, { concurrency_key: 'taken' })
    for (const body of [undefined, {}, { reason: 'not needed' }]) {
      const { id, ...created } = await postTask(api, task)
      expect(created.status).toBe(status)
      const cancelled = await steer(id, 'cancel', body)
      expect(cancelled.status).toBe(200)
      expect(cancelled.body).toMatchObject({ status: 'cancelled', cancel_requested: false })
      expect(cancelled.body['finished_at']).not.toBeNull()
    }
  })

  it('asks the holder of a claimed task; repeating it changes nothing', async () => {
    const { task, lease, agent } = await dequeued(api)
    for (let index = 0; index < 2; index += 1) {
      const { status, body } = await steer(task.id, 'cancel', { reason: `reason ${index}` })
      expect([status, body['status'], body['cancel_requested']]).toEqual([200, 'claimed', true])
    }
    const released = await api.call(
      'POST',
      `/api/v1/tasks/${task.id}/release`,
      { lease_token: lease.token, reason: 'as asked' },
      { token: agent.token },
    )
    expect(released.body).toMatchObject({ status: 'cancelled', cancel_requested: false })
    const { events } = (await api.call('GET', `/api/v1/tasks/${task.id}/events`)).body as { events: Body[] }
    expect(events.map(({ event }) => event)).toEqual([
      'created',
      'claim',
      'cancel_requested',
      'confirm_cancel',
    ])
  })

  it('of an orphaned run is for the dispatcher that finds it', async () => {
    const { task } = await orphanedTask(stack.database.pool)
    const { status, body } = await steer(task.id, 'cancel')
    expect([status, body['status'], body['cancel_requested']]).toEqual([200, 'orphaned', true])
  })

  it('of a cancelled task is 200, of another ended one 400 with the allowed statuses', async () => {
    const { id } = await postTask(api)
    await steer(id, 'cancel')
    expect((await steer(id, 'cancel')).status).toBe(200)
    const { task, lease, agent } = await dequeued(api)
    await api.call(
      'POST',
      `/api/v1/tasks/${task.id}/complete`,
      { lease_token: lease.token },
      { token: agent.token },
    )
    const { status, body } = await steer(task.id, 'cancel')
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'invalid_state',
      task_status: 'succeeded',
      allowed_statuses: ['waiting', 'scheduled', 'pending', 'claimed', 'running', 'orphaned'],
    })
  })

  it('does not lose a reason that is sent with the wrong content type', async () => {
    const { id } = await postTask(api)
    const headers = { 'content-type': 'text/plain' }
    const { status } = await api.call('POST', `/api/v1/tasks/${id}/cancel`, '{"reason":"why"}', { headers })
    expect(status).toBe(415)
  })

  it.each([{ reason: '' }, { reason: 'x'.repeat(1_001) }, { because: 'x' }])('refuses %j', async (body) => {
    const { id } = await postTask(api)
    expect((await steer(id, 'cancel', body)).body['code']).toBe('invalid_request')
  })
})

describe('rerun', () => {
  it('puts an ended task back, on the track that was asked for, with all its attempts', async () => {
    const { task, lease, agent } = await dequeued(api, { max_attempts: 1 })
    const body = { lease_token: lease.token, error: 'it broke' }
    await api.call('POST', `/api/v1/tasks/${task.id}/fail`, body, { token: agent.token })
    const { status, body: again } = await steer(task.id, 'rerun')
    expect(status).toBe(200)
    expect(again).toMatchObject({
      status: 'pending',
      execution_mode: 'undecided',
      attempt: 1,
      deliveries: 0,
      agent_id: null,
      error: null,
      finished_at: null,
      cancel_requested: false,
    })
  })

  it('of an unfinished task is 400, of an unknown one 404', async () => {
    const { id } = await postTask(api)
    const { status, body } = await steer(id, 'rerun')
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'invalid_state',
      task_status: 'pending',
      allowed_statuses: ['succeeded', 'failed', 'cancelled'],
    })
    expect((await steer(randomUUID(), 'rerun')).body['code']).toBe('task_not_found')
    expect((await steer(randomUUID(), 'cancel')).body['code']).toBe('task_not_found')
  })

  it('is 409 while another task of the same concurrency key is active, naming it', async () => {
    const concurrency_key = randomUUID()
    const first = await postTask(api, { concurrency_key })
    await steer(first.id, 'cancel')
    const second = await postTask(api, { concurrency_key })
    const { status, body } = await steer(first.id, 'rerun')
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'already_active', task_id: second.id })
  })

  it('keeps an assignment by hand', async () => {
    const agent = await postAgent(api)
    const { id } = await postTask(api)
    await api.call('POST', `/api/v1/tasks/${id}/assign`, { agent_id: agent.id })
    await steer(id, 'cancel')
    expect((await steer(id, 'rerun')).body).toMatchObject({
      execution_mode: 'http_pull',
      assigned_agent_id: agent.id,
    })
  })
})
