import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { settleExpiry } from '@switchyard/core'
import { settleClaim } from '@switchyard/store'
import { dequeue, dequeued, postAgent, TOKENS } from '../../support/api.ts'
import type { Answer, Body, Held } from '../../support/api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

/** Speaks as the holder, with its lease token. */
function say(held: Held, verb: string, body: Body = {}, token = held.agent.token): Promise<Answer> {
  const path = `/api/v1/tasks/${held.task.id}/${verb}`
  return api.call('POST', path, { lease_token: held.lease.token, ...body }, { token })
}

async function read(held: Held): Promise<Body> {
  return (await api.call('GET', `/api/v1/tasks/${held.task.id}`)).body
}

const CALLS: [string, Body][] = [
  ['heartbeat', {}],
  ['logs', { offset: 0, text: 'x' }],
  ['complete', { result: { summary: 'done' } }],
  ['fail', { error: 'it broke' }],
  ['release', { reason: 'no time' }],
]

describe('heartbeat', () => {
  it('starts the task, extends the lease and keeps the progress', async () => {
    const held = await dequeued(api)
    const first = await say(held, 'heartbeat', { progress: 'reading' })
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({
      directive: 'continue',
      lease: { token: held.lease.token, start_by: null, heartbeat_seconds: 30 },
    })
    expect(await read(held)).toMatchObject({ status: 'running', progress: 'reading' })
    await say(held, 'heartbeat')
    expect(await read(held)).toMatchObject({ progress: 'reading' })
    const { lease } = first.body as { lease: { expires_at: string } }
    expect(Date.parse(lease.expires_at)).toBeGreaterThan(Date.parse(held.lease.expires_at))
  })

  it('tells the holder to stop after a cancellation, and fail confirms it', async () => {
    const held = await dequeued(api)
    await say(held, 'heartbeat')
    const asked = await api.call('POST', `/api/v1/tasks/${held.task.id}/cancel`, { reason: 'enough' })
    expect(asked.body).toMatchObject({ status: 'running', cancel_requested: true })
    expect((await say(held, 'heartbeat')).body['directive']).toBe('cancel')
    expect((await say(held, 'logs', { offset: 0, text: 'x' })).body['directive']).toBe('cancel')
    const confirmed = await say(held, 'fail', { error: 'stopped' })
    expect(confirmed.body).toMatchObject({ status: 'cancelled' })
    expect((await say(held, 'fail', { error: 'stopped' })).status).toBe(200)
  })
})

describe('logs', () => {
  it('start the task and go on where the last piece ended, in bytes', async () => {
    const held = await dequeued(api)
    expect((await say(held, 'logs', { offset: 0, text: 'zwölf' })).body).toEqual({
      next_offset: 6,
      directive: 'continue',
    })
    expect(await read(held)).toMatchObject({ status: 'running' })
    expect((await say(held, 'logs', { offset: 6, text: '!' })).body['next_offset']).toBe(7)
  })

  it.each([0, 3, 9])(
    'at another offset (%i) are 416 with the expected one, and nothing is stored',
    async (offset) => {
      const held = await dequeued(api)
      await say(held, 'logs', { offset: 0, text: '12345' })
      const { status, body } = await say(held, 'logs', { offset, text: 'again' })
      expect(status).toBe(416)
      expect(body).toMatchObject({ code: 'wrong_offset', expected_offset: 5 })
      expect((await api.call('GET', `/api/v1/tasks/${held.task.id}/logs`)).text).toBe('12345')
    },
  )

  it.each([-1, 0.5, 1e300, 2 ** 63])('refuse the offset %d', async (offset) => {
    const { status, body } = await say(await dequeued(api), 'logs', { offset, text: 'x' })
    expect(status).toBe(400)
    expect(body).toMatchObject({ errors: [{ path: 'body.offset' }] })
  })
})

describe('complete', () => {
  it('records the result, with keys nobody knows', async () => {
    const held = await dequeued(api)
    const result = { summary: 'fixed', branch: 'fix', exit_code: 0, tokens: { in: 12, out: [1, null, 'x'] } }
    const { status, body } = await say(held, 'complete', { result })
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'succeeded', result, error: null, agent_id: held.agent.id })
    expect(body['finished_at']).not.toBeNull()
  })

  it('without a result has an empty one', async () => {
    expect((await say(await dequeued(api), 'complete')).body).toMatchObject({
      status: 'succeeded',
      result: {},
    })
  })
})

describe('fail', () => {
  it('schedules another attempt while one is left, on the track that was asked for', async () => {
    const held = await dequeued(api, { max_attempts: 2 })
    const { body } = await say(held, 'fail', { error: { code: 'tests_red', message: 'two tests fail' } })
    expect(body).toMatchObject({
      status: 'scheduled',
      execution_mode: 'undecided',
      agent_id: null,
      attempt: 1,
      error: { code: 'tests_red', message: 'two tests fail' },
    })
    expect(body['run_at']).not.toBeNull()
  })

  it('ends the task when no attempt is left', async () => {
    const { body } = await say(await dequeued(api, { max_attempts: 1 }), 'fail', { error: 'it broke' })
    expect(body).toMatchObject({ status: 'failed', error: { code: 'agent_failed', message: 'it broke' } })
  })

  it('ends the task when it is not retryable', async () => {
    const { body } = await say(await dequeued(api), 'fail', { error: 'no such repository', retryable: false })
    expect(body).toMatchObject({ status: 'failed' })
  })

  it.each([
    {},
    { error: '' },
    { error: { message: '' } },
    { error: { message: 'x', code: 'Bad Code' } },
    { error: 5 },
  ])('refuses %j', async (body) => {
    const answer = await say(await dequeued(api), 'fail', body)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body['errors'])).toContain('body.error')
  })
})

describe('release', () => {
  it('gives the task back at once and costs no attempt, but is counted', async () => {
    const held = await dequeued(api)
    const { body } = await say(held, 'release', { reason: 'no time' })
    expect(body).toMatchObject({
      status: 'pending',
      execution_mode: 'undecided',
      attempt: 0,
      deliveries: 1,
      agent_id: null,
    })
    expect((await dequeue(api, held.agent)).body).toMatchObject({ task: { attempt: 1, deliveries: 2 } })
  })

  it('of a started task keeps the attempt’s number', async () => {
    const held = await dequeued(api)
    await say(held, 'heartbeat')
    expect((await say(held, 'release', { reason: 'draining' })).body).toMatchObject({
      status: 'pending',
      attempt: 1,
    })
  })
})

describe('the same call again', () => {
  it.each(CALLS.slice(2))('%s answers 200 again, and changes nothing', async (verb, body) => {
    const held = await dequeued(api, { max_attempts: 1 })
    const first = await say(held, verb, body)
    const again = await say(held, verb, body)
    expect([first.status, again.status]).toEqual([200, 200])
    expect(again.body).toEqual(first.body)
    const { events } = (await api.call('GET', `/api/v1/tasks/${held.task.id}/events`)).body as {
      events: unknown[]
    }
    expect(events).toHaveLength(3)
  })

  it.each(CALLS.slice(2))('%s ten times at once has its effect once', async (verb, body) => {
    const held = await dequeued(api, { max_attempts: 1 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => say(held, verb, body)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await read(held)).toMatchObject({ deliveries: 1 })
  })
})

describe('a lease that is lost', () => {
  it('is 409 for every call that is not the one that ended it', async () => {
    const held = await dequeued(api)
    await say(held, 'complete')
    for (const [verb, body] of CALLS.filter(([name]) => name !== 'complete')) {
      const answer = await say(held, verb, body)
      expect([verb, answer.status]).toEqual([verb, 409])
      expect(answer.body).toMatchObject({ code: 'lease_lost', task_status: 'succeeded', holder: null })
    }
  })

  it.each(CALLS.slice(2))('is 409 for %s when somebody else ended it so', async (verb, body) => {
    const held = await dequeued(api)
    expect((await say(held, verb, body, TOKENS.admin)).status).toBe(200)
    expect((await say(held, verb, body, TOKENS.admin)).status).toBe(200)
    const { status, body: problem } = await say(held, verb, body)
    expect([status, problem['code']]).toEqual([409, 'lease_lost'])
  })

  it.each([
    ['fail', { error: 'it broke' }, true],
    ['release', { reason: 'no time' }, false],
  ])('is 409 for %s when the lease ended first', async (verb, body, started) => {
    const held = await dequeued(api)
    if (started) await say(held, 'heartbeat')
    const claim = { taskId: held.task.id, leaseToken: held.lease.token }
    await settleClaim(stack.database.pool, claim, {
      actor: 'a-dispatcher',
      decide: (locked) => settleExpiry(locked, 20, 0.5),
    })
    const { status, body: problem } = await say(held, verb, body)
    expect([status, problem['code']]).toEqual([409, 'lease_lost'])
  })

  it('names the present holder', async () => {
    const held = await dequeued(api)
    const other = await postAgent(api, { labels: held.agent.labels })
    await say(held, 'release', { reason: 'no time' })
    await dequeue(api, other)
    const { status, body } = await say(held, 'complete')
    expect(status).toBe(409)
    expect(body).toMatchObject({
      code: 'lease_lost',
      task_status: 'claimed',
      holder: { agent_id: other.id, execution_mode: 'http_pull', attempt: 1 },
    })
    expect(await read(held)).toMatchObject({ status: 'claimed', agent_id: other.id })
  })

  it('is counted', async () => {
    const held = await dequeued(api)
    await say(held, 'complete')
    await say(held, 'heartbeat')
    const { text } = await api.call('GET', '/metrics')
    expect(Number(/^switchyard_lease_losses_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  })
})

describe.each(CALLS)('%s', (verb, body) => {
  it('by another agent is 403, even with the right lease token, and nothing changes', async () => {
    const held = await dequeued(api)
    const thief = await postAgent(api)
    for (const lease_token of [held.lease.token, randomUUID()]) {
      const answer = await say(held, verb, { ...body, lease_token }, thief.token)
      expect([answer.status, answer.body['code']]).toEqual([403, 'not_your_task'])
    }
    expect(await read(held)).toMatchObject({ status: 'claimed', agent_id: held.agent.id })
  })

  it('by an admin with the lease token works; with another token it is 409', async () => {
    const held = await dequeued(api)
    const wrong = await say(held, verb, { ...body, lease_token: randomUUID() }, TOKENS.admin)
    expect([wrong.status, wrong.body['code']]).toEqual([409, 'lease_lost'])
    expect((await say(held, verb, body, TOKENS.admin)).status).toBe(200)
  })

  it('of a task that does not exist is 404; with no UUID as token 400', async () => {
    const held = await dequeued(api)
    const unknown = { ...held, task: { ...held.task, id: randomUUID() } }
    expect((await say(unknown, verb, body)).body['code']).toBe('task_not_found')
    for (const lease_token of ['mine', `urn:uuid:${held.lease.token}`, `{${held.lease.token}}`]) {
      const malformed = await say(held, verb, { ...body, lease_token })
      expect(malformed.body).toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'body.lease_token' }],
      })
    }
  })
})

describe('reading a task', () => {
  it('is allowed to the agent that holds it, and to no other', async () => {
    const held = await dequeued(api)
    const path = `/api/v1/tasks/${held.task.id}`
    expect((await api.call('GET', path, undefined, { token: held.agent.token })).status).toBe(200)
    const { token } = await postAgent(api)
    expect((await api.call('GET', path, undefined, { token })).body['code']).toBe('not_your_task')
  })

  it('shows when the agent was last seen', async () => {
    const { agent } = await dequeued(api)
    await until('the agent was seen', async () => {
      const { body } = await api.call('GET', `/api/v1/agents/${agent.id}`)
      return body['last_seen_at'] !== null
    })
  })
})
