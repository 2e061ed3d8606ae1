import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, postTask, sign, startTestApi, WEBHOOK_SECRET } from '../../support/api.ts'
import type { TestAgent, TestApi } from '../../support/api.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import type { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

let database: TestDatabase
let door: TcpProxy
let api: TestApi
let agent: TestAgent
const payload = JSON.stringify({
  action: 'label_updated',
  issue: {
    number: 1,
    title: 'Broken',
    labels: [{ name: 'agent' }],
    html_url: 'https://git.example.test/acme/shop/issues/1',
  },
  repository: { full_name: 'acme/shop', html_url: 'https://git.example.test/acme/shop' },
})

beforeAll(async () => {
  database = await createTestDatabase()
  const behind = new URL(database.connectionString)
  door = await startTcpProxy(Number(behind.port))
  behind.port = String(door.port)
  behind.hostname = '127.0.0.1'
  api = await startTestApi({ connectionString: behind.href })
  agent = await postAgent(api)
})
afterAll(async () => {
  await api.stop()
  await door.stop()
  await database.drop()
})

function deliver() {
  return api.call('POST', '/api/v1/webhooks/forgejo', payload, {
    token: null,
    headers: { 'x-forgejo-event': 'issues', 'x-forgejo-signature': sign(WEBHOOK_SECRET, payload) },
  })
}

describe('while the database is away', () => {
  beforeAll(() => door.close())
  afterAll(() => door.open())

  it.each<[string, () => ReturnType<typeof deliver>]>([
    ['creating a task', () => api.call('POST', '/api/v1/tasks', { title: 'x', prompt: 'y' })],
    ['listing tasks', () => api.call('GET', '/api/v1/tasks')],
    ['dequeue', () => dequeue(api, agent)],
    ['the queue', () => api.call('GET', '/api/v1/queue')],
    ['following events', () => api.call('GET', '/api/v1/events')],
    ['an unknown token', () => api.call('GET', '/api/v1/tasks', undefined, { token: 'perhaps-an-agent' })],
    ['a delivery', deliver],
  ])('%s is 503 with Retry-After, never a success', async (_name, request) => {
    const { status, headers, body } = await request()
    expect([status, body['code']]).toEqual([503, 'database_unavailable'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1/)
  })

  it('the process lives, is not ready, says why, and still counts', async () => {
    expect((await api.call('GET', '/healthz')).status).toBe(200)
    const { status, body } = await api.call('GET', '/readyz')
    expect(status).toBe(503)
    expect(body['reason']).not.toBe('')
    expect((await api.call('GET', '/metrics')).status).toBe(200)
  })

  it('what is wrong in itself is still told', async () => {
    expect((await api.call('GET', '/api/v1/nothing')).status).toBe(404)
    expect((await api.call('POST', '/api/v1/tasks', {})).status).toBe(400)
    expect((await api.call('GET', '/api/v1/tasks', undefined, { token: null })).status).toBe(401)
  })
})

describe('when the database is back', () => {
  it('everything works again without a restart, wake-ups included', async () => {
    await until('the API is ready', async () => (await api.call('GET', '/readyz')).status === 200)
    expect((await deliver()).body['outcome']).toBe('created')
    expect((await dequeue(api, agent)).status).toBe(200)
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting()
    const { id } = await postTask(api, { requires: agent.labels })
    expect((await waiting).body).toMatchObject({ task: { id } })
  })

  it('a request whose connection is cut in its middle is 503', async () => {
    const locker = await database.pool.connect()
    await locker.query('begin')
    await locker.query('lock table tasks in access exclusive mode')
    const creating = api.call('POST', '/api/v1/tasks', { title: 'x', prompt: 'y' })
    await until('the insert is blocked', async () => {
      const { rows } = await database.pool.query<{ blocked: boolean }>(
        `select exists (select 1 from pg_stat_activity
                         where datname = current_database() and wait_event_type = 'Lock') as blocked`,
      )
      return rows[0]?.blocked
    })
    door.cut()
    expect((await creating).status).toBe(503)
    await locker.query('rollback')
    locker.release()
    await until('the API is ready', async () => (await api.call('GET', '/readyz')).status === 200)
  })
})

describe('a delivery', () => {
  it('is not answered before it is durable', async () => {
    const locker = await database.pool.connect()
    await locker.query('begin')
    await locker.query('lock table deliveries in share mode')
    let answered = false
    const other = payload.replace('"number":1', '"number":2').replace('issues/1', 'issues/2')
    const delivering = api
      .call('POST', '/api/v1/webhooks/forgejo', other, {
        token: null,
        headers: { 'x-forgejo-event': 'issues', 'x-forgejo-signature': sign(WEBHOOK_SECRET, other) },
      })
      .finally(() => (answered = true))
    await until('storing it is blocked', async () => {
      const { rows } = await database.pool.query<{ blocked: boolean }>(
        `select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                           and query ilike '%insert into deliveries%') as blocked`,
      )
      return rows[0]?.blocked
    })
    expect(answered).toBe(false)
    await locker.query('rollback')
    locker.release()
    const { status, body } = await delivering
    expect([status, body['outcome']]).toEqual([202, 'created'])
    const { rows } = await database.pool.query('select 1 from deliveries where id = $1', [
      body['delivery_id'],
    ])
    expect(rows).toHaveLength(1)
  })
})
