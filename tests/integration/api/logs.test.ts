import { describe, expect, it } from '@jest/globals'
import { dequeue, dequeued, postTask } from '../../support/api.ts'
import type { Held } from '../../support/api.ts'
import { followEvents } from '../../support/follow-events.ts'
import { SleepCounter } from '../../support/sleep-counter.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const counter = new SleepCounter()
const stack = useTestApi({ clock: counter.clock })
const { api } = stack

async function append(held: Held, offset: number, text: string): Promise<void> {
  const body = { lease_token: held.lease.token, offset, text }
  const { status } = await api.call('POST', `/api/v1/tasks/${held.task.id}/logs`, body, {
    token: held.agent.token,
  })
  expect(status).toBe(200)
}

async function complete({ task, lease, agent }: Held): Promise<void> {
  const body = { lease_token: lease.token }
  await api.call('POST', `/api/v1/tasks/${task.id}/complete`, body, { token: agent.token })
}

function textOf(data: unknown): string {
  return (data as { text: string }).text
}

describe('GET /api/v1/tasks/{task_id}/logs as text', () => {
  it('begins at the byte that is asked for and says where to go on', async () => {
    const held = await dequeued(api)
    await append(held, 0, 'grün ')
    await append(held, 6, 'und rot')
    const path = `/api/v1/tasks/${held.task.id}/logs`
    const all = await api.call('GET', path)
    expect(all.text).toBe('grün und rot')
    expect(all.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(all.headers.get('x-switchyard-next-offset')).toBe('13')
    expect(all.headers.get('x-switchyard-log-complete')).toBe('false')
    expect((await api.call('GET', `${path}?offset=8`)).text).toBe('d rot')
    await complete(held)
    expect((await api.call('GET', `${path}?offset=13`)).headers.get('x-switchyard-log-complete')).toBe('true')
  })

  it('says where something was cut out of a long one, and goes on behind it', async () => {
    const held = await dequeued(api)
    for (const [offset, text] of ['begin', 'miste', 'ended'].entries()) await append(held, offset * 5, text)
    await stack.database.pool.query('delete from task_logs where task_id = $1 and start_offset = 5', [
      held.task.id,
    ])
    const path = `/api/v1/tasks/${held.task.id}/logs`
    const head = await api.call('GET', path)
    expect([head.text, head.headers.get('x-switchyard-next-offset')]).toEqual(['begin', '5'])
    const tail = await api.call('GET', `${path}?offset=5`)
    expect(tail.text).toBe('\n[switchyard] 5 bytes were cut out here.\nended')
    expect(tail.headers.get('x-switchyard-next-offset')).toBe('15')
    await complete(held)
    const stream = await followEvents(api, path)
    expect(await stream.next()).toMatchObject({ event: 'log', id: '5', data: { text: 'begin' } })
    expect(await stream.next()).toMatchObject({ event: 'log', id: '15', data: { text: tail.text } })
    expect(await stream.next()).toMatchObject({ event: 'end', data: { cut: true, stored_bytes: 10 } })
  })

  it('keeps the logs of the attempts apart', async () => {
    const held = await dequeued(api)
    await append(held, 0, 'first attempt')
    const body = { lease_token: held.lease.token, reason: 'draining' }
    await api.call('POST', `/api/v1/tasks/${held.task.id}/release`, body, { token: held.agent.token })
    const answer = await api.call('POST', '/api/v1/tasks/dequeue', { agent_id: held.agent.id })
    const again = { ...held, lease: answer.body['lease'] as Held['lease'] }
    await append(again, 0, 'second attempt')
    const path = `/api/v1/tasks/${held.task.id}/logs`
    expect((await api.call('GET', path)).text).toBe('second attempt')
    expect((await api.call('GET', `${path}?attempt=1`)).text).toBe('first attempt')
  })

  it('is not complete before the first attempt', async () => {
    const { id } = await postTask(api)
    const { headers, text } = await api.call('GET', `/api/v1/tasks/${id}/logs`)
    expect([text, headers.get('x-switchyard-log-complete')]).toEqual(['', 'false'])
    await api.call('POST', `/api/v1/tasks/${id}/cancel`)
    const cancelled = await api.call('GET', `/api/v1/tasks/${id}/logs`)
    expect(cancelled.headers.get('x-switchyard-log-complete')).toBe('true')
  })

  it.each(['offset=-1', 'offset=x', 'offset=1e300', 'attempt=0', 'attempt=99999999999', 'from=0'])(
    'refuses ?%s',
    async (query) => {
      const { id } = await postTask(api)
      expect((await api.call('GET', `/api/v1/tasks/${id}/logs?${query}`)).body['code']).toBe(
        'invalid_request',
      )
    },
  )
})

describe('GET /api/v1/tasks/{task_id}/logs as events', () => {
  it('follows the log from before the task began to its end', async () => {
    const { id, requires } = await postTask(api)
    const stream = await followEvents(api, `/api/v1/tasks/${id}/logs`)
    const agent = await api.call('POST', '/api/v1/agents', { id: 'late', labels: requires })
    const claim = await api.call('POST', '/api/v1/tasks/dequeue', { agent_id: 'late' })
    const held: Held = {
      agent: { id: 'late', token: String(agent.body['token']), labels: requires },
      task: claim.body['task'] as Held['task'],
      lease: claim.body['lease'] as Held['lease'],
    }
    await append(held, 0, 'one\n')
    expect(await stream.next()).toMatchObject({ event: 'log', id: '4', data: { attempt: 1, text: 'one\n' } })
    await append(held, 4, 'two')
    expect(await stream.next()).toMatchObject({ event: 'log', id: '7', data: { text: 'two' } })
    await complete(held)
    expect(await stream.next()).toMatchObject({
      event: 'end',
      id: '7',
      data: { attempt: 1, produced_bytes: 7, stored_bytes: 7, cut: false },
    })
    expect(await stream.next()).toBeNull()
  })

  it('goes on when a claim is given back before it started', async () => {
    const held = await dequeued(api)
    const { id } = held.task
    const stream = await followEvents(api, `/api/v1/tasks/${id}/logs`)
    const release = { lease_token: held.lease.token, reason: 'draining' }
    await api.call('POST', `/api/v1/tasks/${id}/release`, release, { token: held.agent.token })
    counter.sleeps = 0
    await until('the log was looked at again', () => counter.sleeps === 2)
    const { body } = await dequeue(api, held.agent)
    await append({ ...held, lease: body['lease'] as Held['lease'] }, 0, 'begun')
    expect(await stream.next()).toMatchObject({ event: 'log', data: { attempt: 1, text: 'begun' } })
    stream.stop()
  })

  it('resumes behind Last-Event-ID', async () => {
    const held = await dequeued(api)
    await append(held, 0, 'seen. new')
    await complete(held)
    const stream = await followEvents(api, `/api/v1/tasks/${held.task.id}/logs`, { 'last-event-id': '6' })
    expect(await stream.next()).toMatchObject({ event: 'log', id: '9', data: { text: 'new' } })
    expect(await stream.next()).toMatchObject({ event: 'end', id: '9' })
  })

  it('never splits a character, however its bytes arrive', async () => {
    const held = await dequeued(api)
    const stream = await followEvents(api, `/api/v1/tasks/${held.task.id}/logs`, { 'last-event-id': '2' })
    // Resumed inside the euro sign of three bytes, as a client does that counted wrongly: still only whole characters follow.
    await append(held, 0, '€ and 🚆')
    const { data } = (await stream.next()) ?? {}
    expect(textOf(data)).toMatch(/ and 🚆$/)
    stream.stop()
  })
})
