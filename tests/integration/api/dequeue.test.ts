import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, postTask, startTestApi, TOKENS } from '../../support/api.ts'
import { addHost } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

describe('POST /api/v1/tasks/dequeue', () => {
  it.each(['undecided', 'http_pull'])('gives an %s task, which is http_pull from then on', async (mode) => {
    const agent = await postAgent(api)
    const { id } = await postTask(api, { execution_mode: mode, requires: agent.labels })
    const { status, body } = await dequeue(api, agent)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      task: {
        id,
        execution_mode: 'http_pull',
        requested_mode: mode,
        status: 'claimed',
        agent_id: agent.id,
        attempt: 1,
        deliveries: 1,
      },
      lease: { token: expect.any(String) as unknown, heartbeat_seconds: 30 },
    })
    const { lease } = body as { lease: { start_by: string; expires_at: string } }
    expect(lease.start_by).toBe(lease.expires_at)
    const routing = await api.call('GET', `/api/v1/tasks/${id}/routing`)
    expect(routing.body).toMatchObject({ decided_by: mode === 'undecided' ? 'dequeue' : 'creator' })
  })

  it('never gives an ssh_cli task', async () => {
    const agent = await postAgent(api)
    await postTask(api, { execution_mode: 'ssh_cli', requires: agent.labels })
    const { status, headers } = await dequeue(api, agent)
    expect(status).toBe(204)
    expect(headers.get('x-switchyard-reason')).toBe('empty')
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('gives the most urgent task first, then the oldest', async () => {
    const agent = await postAgent(api)
    const requires = agent.labels
    const low = await postTask(api, { requires, priority: 4 })
    const usual = await postTask(api, { requires })
    const urgent = await postTask(api, { requires, priority: 1 })
    const next = await postTask(api, { requires })
    const order: unknown[] = []
    for (let index = 0; index < 4; index += 1) {
      const { body } = await dequeue(api, agent)
      order.push((body['task'] as { id: string }).id)
    }
    expect(order).toEqual([urgent.id, usual.id, next.id, low.id])
  })

  it('asks for every required label, whatever its case', async () => {
    const { id } = await postTask(api, { requires: ['Bespoke-Label', 'linux'] })
    const half = await postAgent(api, { labels: ['linux'] })
    expect((await dequeue(api, half)).status).toBe(204)
    const whole = await postAgent(api, { labels: ['LINUX', 'bespoke-label', 'more'] })
    expect((await dequeue(api, whole)).body).toMatchObject({ task: { id } })
  })

  it('says full when the agent holds as many as it may', async () => {
    const agent = await postAgent(api, { max_concurrent: 1 })
    await postTask(api, { requires: agent.labels })
    await postTask(api, { requires: agent.labels })
    expect((await dequeue(api, agent)).status).toBe(200)
    const { status, headers } = await dequeue(api, agent)
    expect([status, headers.get('x-switchyard-reason')]).toEqual([204, 'full'])
  })

  it('says paused when the agent is paused, and gives the task when it is resumed', async () => {
    const agent = await postAgent(api)
    await postTask(api, { requires: agent.labels })
    await api.call('PATCH', `/api/v1/agents/${agent.id}`, { paused: true })
    const { status, headers } = await dequeue(api, agent)
    expect([status, headers.get('x-switchyard-reason')]).toEqual([204, 'paused'])
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting()
    await api.call('PATCH', `/api/v1/agents/${agent.id}`, { paused: false })
    expect((await waiting).status).toBe(200)
  })

  it('with repeat_only gives the claim that the request_key made, also to a paused agent, and nothing new', async () => {
    const agent = await postAgent(api)
    await postTask(api, { requires: agent.labels })
    await postTask(api, { requires: agent.labels })
    const first = await dequeue(api, agent, { request_key: 'one' })
    await api.call('PATCH', `/api/v1/agents/${agent.id}`, { paused: true })
    const again = await dequeue(api, agent, { request_key: 'one', repeat_only: true })
    expect(again.body).toMatchObject({
      lease: { token: (first.body as { lease: { token: string } }).lease.token },
    })
    await api.call('PATCH', `/api/v1/agents/${agent.id}`, { paused: false })
    for (const key of [{ request_key: 'two' }, {}]) {
      const none = await dequeue(api, agent, { ...key, repeat_only: true, wait_seconds: 60 })
      expect([none.status, none.headers.get('x-switchyard-reason')]).toEqual([204, 'empty'])
    }
  })

  it('gives the same claim again for the same request_key, until it has started', async () => {
    const agent = await postAgent(api)
    await postTask(api, { requires: agent.labels })
    await postTask(api, { requires: agent.labels })
    const first = await dequeue(api, agent, { request_key: 'one' })
    const again = await dequeue(api, agent, { request_key: 'one' })
    const other = await dequeue(api, agent, { request_key: 'two' })
    const claim = first.body as { task: { id: string }; lease: { token: string } }
    expect(again.body).toMatchObject({
      task: { id: claim.task.id, attempt: 1, deliveries: 1 },
      lease: { token: claim.lease.token },
    })
    expect(other.body['task']).not.toMatchObject({ id: claim.task.id })
    const heartbeat = { lease_token: claim.lease.token }
    await api.call('POST', `/api/v1/tasks/${claim.task.id}/heartbeat`, heartbeat, { token: agent.token })
    expect((await dequeue(api, agent, { request_key: 'one' })).status).toBe(204)
  })

  it('works for an admin in the name of an agent, and for no other agent', async () => {
    const agent = await postAgent(api)
    const other = await postAgent(api)
    const { id } = await postTask(api, { requires: agent.labels })
    const theft = await dequeue(api, agent, {}, { token: other.token })
    expect([theft.status, theft.body['code']]).toEqual([403, 'forbidden'])
    expect((await dequeue(api, agent, {}, { token: TOKENS.admin })).body).toMatchObject({ task: { id } })
  })

  it('is 404 for an agent that does not exist, and 400 for a host', async () => {
    const body = { agent_id: 'nobody' }
    expect((await api.call('POST', '/api/v1/tasks/dequeue', body)).body['code']).toBe('agent_not_found')
    const host = { agent_id: await addHost(stack.database.pool) }
    const refused = await api.call('POST', '/api/v1/tasks/dequeue', host)
    expect([refused.status, refused.body['code']]).toEqual([400, 'mode_mismatch'])
  })
})

describe('wait_seconds', () => {
  it('is answered when a task arrives', async () => {
    const agent = await postAgent(api)
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting()
    const { id } = await postTask(api, { requires: agent.labels })
    const { status, body } = await waiting
    expect(status).toBe(200)
    expect(body).toMatchObject({ task: { id } })
  })

  it('is answered when a task is assigned, released or comes due by its predecessor’s end', async () => {
    const agent = await postAgent(api)
    const first = await postTask(api, { requires: agent.labels, concurrency_key: 'follows' })
    const second = await postTask(api, { requires: agent.labels, concurrency_key: 'follows' })
    const claim = (await dequeue(api, agent)).body as { lease: { token: string } }
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting()
    const done = { lease_token: claim.lease.token }
    await api.call('POST', `/api/v1/tasks/${first.id}/complete`, done, { token: agent.token })
    expect((await waiting).body).toMatchObject({ task: { id: second.id } })
  })

  it('shares arriving tasks among those who wait: each to one, nobody twice', async () => {
    const agent = await postAgent(api)
    const waiting = Array.from({ length: 5 }, () => dequeue(api, agent, { wait_seconds: 60 }))
    await api.untilWaiting(5)
    const tasks = await Promise.all(waiting.map(() => postTask(api, { requires: agent.labels })))
    const answers = await Promise.all(waiting)
    const taken = answers.map(({ body }) => (body['task'] as { id: string }).id)
    expect(taken.sort()).toEqual(tasks.map(({ id }) => id).sort())
  })

  it('gives nothing to a caller that hangs up', async () => {
    const agent = await postAgent(api)
    const hangUp = new AbortController()
    const closed = nextResponseClosed('/api/v1/tasks/dequeue')
    const waiting = dequeue(api, agent, { wait_seconds: 60 }, { signal: hangUp.signal })
    await api.untilWaiting()
    hangUp.abort()
    await expect(waiting).rejects.toThrow('aborted')
    await closed
    const { id } = await postTask(api, { requires: agent.labels })
    expect((await dequeue(api, agent)).body).toMatchObject({ task: { id, deliveries: 1 } })
  })

  it('gives nothing to a caller that hung up while its token was looked up', async () => {
    const agent = await postAgent(api)
    const { id } = await postTask(api, { requires: agent.labels })
    const closed = nextResponseClosed('/api/v1/tasks/dequeue')
    const hangUp = new AbortController()
    const locker = await stack.database.pool.connect()
    await locker.query('begin')
    await locker.query('lock table agents in access exclusive mode')
    const asking = dequeue(api, agent, {}, { signal: hangUp.signal })
    const refused = expect(asking).rejects.toThrow('aborted')
    await until('the lookup of the token is blocked', async () => {
      const { rows } = await stack.database.pool.query<{ blocked: boolean }>(
        `select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as blocked`,
      )
      return rows[0]?.blocked
    })
    hangUp.abort()
    await refused
    await closed
    await locker.query('rollback')
    locker.release()
    expect((await dequeue(api, agent)).body).toMatchObject({ task: { id, deliveries: 1 } })
  })

  it('ends at a shutdown, which waits for no kept-alive connection', async () => {
    const own = await startTestApi(stack.database)
    const agent = await postAgent(own)
    const waiting = dequeue(own, agent, { wait_seconds: 60 })
    await own.untilWaiting()
    const [answer] = await Promise.all([waiting, own.stop()])
    expect(answer.status).toBe(204)
  }, 20_000)

  it.each([-1, 61, 'soon'])('is refused when it is %j', async (wait_seconds) => {
    const agent = await postAgent(api)
    const { status, body } = await dequeue(api, agent, { wait_seconds })
    expect(status).toBe(400)
    expect(body).toMatchObject({ errors: [{ path: 'body.wait_seconds' }] })
  })
})

/** Resolves when the server has noticed that the next request to this path is over. */
async function nextResponseClosed(path: string): Promise<void> {
  const response = await new Promise<ServerResponse>((resolve) => {
    const listener = (message: unknown): void => {
      const started = message as { request: { url?: string }; response: ServerResponse }
      if (started.request.url !== path) return
      unsubscribe('http.server.request.start', listener)
      resolve(started.response)
    }
    subscribe('http.server.request.start', listener)
  })
  await once(response, 'close')
}
