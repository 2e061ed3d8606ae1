import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { reportDispatcher } from '@switchyard/store'
import { dequeued, postAgent, postTask, sign, WEBHOOK_SECRET } from '../../support/api.ts'
import type { Body } from '../../support/api.ts'
import { addHost } from '../../support/task-factory.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

async function routing(id: string): Promise<Body> {
  const { status, body } = await api.call('GET', `/api/v1/tasks/${id}/routing`)
  expect(status).toBe(200)
  return body
}

describe('GET /api/v1/tasks/{task_id}/routing', () => {
  it('tells why a task waits, who could take it and what happens next', async () => {
    const lacking = await postAgent(api, { labels: ['linux'] })
    const fitting = await postAgent(api, { labels: ['linux', 'routing-gpu'] })
    await api.call('PATCH', `/api/v1/agents/${fitting.id}`, { paused: true })
    const { id } = await postTask(api, { requires: ['linux', 'routing-gpu'] })
    expect(await routing(id)).toMatchObject({
      task_id: id,
      status: 'pending',
      decided_by: 'creator',
      reason: 'the creator left it open',
      explanation: expect.stringContaining('No dispatcher is running') as unknown,
      next_action: { at: null },
      candidates: expect.arrayContaining([
        expect.objectContaining({ agent_id: fitting.id, verdict: 'paused' }),
        expect.objectContaining({
          agent_id: lacking.id,
          verdict: 'no_match',
          missing_labels: ['routing-gpu'],
        }),
      ]) as unknown,
    })
  })

  it('names the instant at which an undecided task becomes http_pull, while a dispatcher runs', async () => {
    await reportDispatcher(stack.database.pool, { id: 'one', draining: false, silenceSeconds: 60 })
    const { id, created_at } = await postTask(api)
    const { next_action } = await routing(id)
    const { at } = next_action as { at: string }
    expect(Date.parse(at) - Date.parse(created_at)).toBe(30_000)
  })

  it('names the holder, the assignee, the predecessor and the end', async () => {
    const { task, agent } = await dequeued(api)
    expect(await routing(task.id)).toMatchObject({
      decided_by: 'dequeue',
      explanation: `${agent.id} took it and has not yet shown that it started.`,
      candidates: expect.arrayContaining([
        expect.objectContaining({ agent_id: agent.id, verdict: 'chosen' }),
      ]) as unknown,
    })
    const hostId = await addHost(stack.database.pool)
    const key = randomUUID()
    const first = await postTask(api, { concurrency_key: key })
    const second = await postTask(api, { concurrency_key: key })
    await api.call('POST', `/api/v1/tasks/${first.id}/assign`, { agent_id: hostId })
    expect((await routing(first.id))['explanation']).toContain(`It is assigned to ${hostId}`)
    expect((await routing(second.id))['explanation']).toContain(`task ${first.id} is pending`)
    await api.call('POST', `/api/v1/tasks/${first.id}/cancel`)
    expect(await routing(first.id)).toMatchObject({ explanation: 'It ended: cancelled.', next_action: null })
  })

  it('counts what stands before it', async () => {
    const requires = [randomUUID()]
    const urgent = await postTask(api, { priority: 1, requires })
    const low = await postTask(api, { priority: 4, requires })
    const before = (await routing(low.id))['ahead'] as number
    expect(before).toBeGreaterThan((await routing(urgent.id))['ahead'] as number)
    await api.call('POST', `/api/v1/tasks/${urgent.id}/cancel`)
    expect((await routing(low.id))['ahead']).toBe(before - 1)
  })
})

describe('GET /api/v1/queue', () => {
  it('counts by status and mode, by repository, and lists the dispatchers', async () => {
    const repository = `acme/${randomUUID()}`
    await postTask(api, { source: { repository }, execution_mode: 'ssh_cli' })
    await dequeued(api, { source: { repository } })
    await reportDispatcher(stack.database.pool, { id: 'one', draining: true, silenceSeconds: 60 })
    const { body } = await api.call('GET', '/api/v1/queue')
    expect(body['repositories']).toContainEqual({ repository, queued: 1, held: 1 })
    expect(body['dispatchers']).toMatchObject([{ id: 'one', draining: true }])
    expect(body['oldest_pending_seconds']).toBeGreaterThanOrEqual(0)
    expect(Date.parse(body['counted_at'] as string)).not.toBeNaN()
    const counts = body['counts'] as { status: string; execution_mode: string; count: number }[]
    const { rows } = await stack.database.pool.query<{
      status: string
      execution_mode: string
      count: number
    }>('select status, execution_mode, count(*) as count from tasks group by status, execution_mode')
    const sorted = (all: typeof counts) => all.map((count) => Object.values(count).join(' ')).sort()
    expect(sorted(counts)).toEqual(sorted(rows))
  })
})

describe('GET /api/v1/deliveries', () => {
  const payload = JSON.stringify({ before: 'a', after: 'a', repository: { full_name: 'acme/shop' } })

  async function deliver(): Promise<string> {
    const { status, body } = await api.call('POST', '/api/v1/webhooks/forgejo', payload, {
      token: null,
      headers: {
        'x-forgejo-event': 'push',
        'x-forgejo-delivery': randomUUID(),
        'x-forgejo-signature': sign(WEBHOOK_SECRET, payload),
        authorization: 'Basic c2VjcmV0',
      },
    })
    expect(status).toBe(202)
    return String(body['delivery_id'])
  }

  it('lists them newest first, page by page and filtered', async () => {
    const ids = [await deliver(), await deliver(), await deliver()].reverse()
    const first = await api.call('GET', '/api/v1/deliveries?limit=2&outcome=ignored&repository=acme/shop')
    const second = await api.call(
      'GET',
      `/api/v1/deliveries?limit=2&cursor=${String(first.body['next_cursor'])}`,
    )
    const listed = [first, second].flatMap(({ body }) => body['deliveries'] as { id: string }[])
    expect(listed.map(({ id }) => id)).toEqual(ids)
    expect(second.body['next_cursor']).toBeNull()
    expect((await api.call('GET', '/api/v1/deliveries?outcome=created')).body['deliveries']).toEqual([])
    const wrong = await api.call('GET', '/api/v1/deliveries?outcome=lost')
    expect(wrong.body['detail']).toContain('"created", "duplicate", "ignored"')
  })

  it('shows one with its headers and its body, but no secret', async () => {
    const id = await deliver()
    const { body, text } = await api.call('GET', `/api/v1/deliveries/${id}`)
    expect(body).toMatchObject({
      forge: 'forgejo',
      event: 'push',
      outcome: 'ignored',
      reason: 'test delivery received, the webhook works',
      body: payload,
      headers: { 'x-forgejo-event': 'push' },
      task_ids: [],
    })
    expect(text).not.toContain('c2VjcmV0')
    expect(text).not.toContain(sign(WEBHOOK_SECRET, payload))
  })

  it('is 404 for an unknown one and 400 for no UUID', async () => {
    expect((await api.call('GET', `/api/v1/deliveries/${randomUUID()}`)).body['code']).toBe(
      'delivery_not_found',
    )
    expect((await api.call('GET', '/api/v1/deliveries/1')).body['code']).toBe('invalid_request')
  })
})
