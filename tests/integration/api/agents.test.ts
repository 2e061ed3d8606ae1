import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { dequeue, dequeued, postAgent, postTask } from '../../support/api.ts'
import type { Body } from '../../support/api.ts'
import { addHost } from '../../support/task-factory.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

describe('registering an agent', () => {
  it('answers 201 with the defaults and a token that works', async () => {
    const id = `agent-${randomUUID()}`
    const { status, body } = await api.call('POST', '/api/v1/agents', { id })
    expect(status).toBe(201)
    expect(body['agent']).toMatchObject({
      id,
      execution_mode: 'http_pull',
      description: '',
      labels: [],
      max_concurrent: null,
      paused: false,
      held: 0,
      last_seen_at: null,
    })
    const token = String(body['token'])
    const { body: self } = await api.call('GET', `/api/v1/agents/${id}`, undefined, { token })
    expect(self).toMatchObject({ id })
  })

  it('shows the token this once and stores only its hash', async () => {
    const agent = await postAgent(api)
    const read = await api.call('GET', `/api/v1/agents/${agent.id}`)
    const listed = await api.call('GET', '/api/v1/agents?limit=200')
    expect(read.text + listed.text).not.toContain(agent.token)
    const { rows } = await stack.database.pool.query<{ row: string }>(
      'select agents::text as row from agents where id = $1',
      [agent.id],
    )
    expect(rows[0]?.row).toContain(agent.id)
    expect(rows[0]?.row).not.toContain(agent.token)
  })

  it('is 409 for an id that an agent or a host has', async () => {
    const agent = await postAgent(api)
    const hostId = await addHost(stack.database.pool)
    for (const id of [agent.id, hostId]) {
      const { status, body } = await api.call('POST', '/api/v1/agents', { id })
      expect([status, body['code']]).toEqual([409, 'agent_exists'])
    }
  })

  it('gives one id to one of ten who ask at once', async () => {
    const id = `agent-${randomUUID()}`
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.call('POST', '/api/v1/agents', { id })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...(Array(9).fill(409) as number[])])
  })

  it.each<[string, Body]>([
    ['body.id', { id: 'Upper' }],
    ['body.id', { id: '' }],
    ['body.id', { id: '.dot' }],
    ['body.id', { id: 'a'.repeat(65) }],
    ['body.labels.0', { id: 'ok', labels: ['a,b'] }],
    ['body.labels.0', { id: 'ok', labels: [' leading'] }],
    ['body.labels', { id: 'ok', labels: Array.from({ length: 65 }, (_, index) => `l${index}`) }],
    ['body.max_concurrent', { id: 'ok', max_concurrent: 0 }],
    ['body.max_concurrent', { id: 'ok', max_concurrent: 1.5 }],
    ['body.description', { id: 'ok', description: 'x'.repeat(1_001) }],
    ['body.description', { id: 'ok', description: 'nul \u0000' }],
    ['body.colour', { id: 'ok', colour: 'red' }],
  ])('refuses a bad %s', async (path, agent) => {
    const { status, body } = await api.call('POST', '/api/v1/agents', agent)
    expect(status).toBe(400)
    expect(body['errors']).toEqual([{ path, message: expect.any(String) as unknown }])
  })

  it('says what is wrong with a limit of 0, not only what types there are', async () => {
    const { body } = await api.call('POST', '/api/v1/agents', { id: 'ok', max_concurrent: 0 })
    expect(body['errors']).toEqual([{ path: 'body.max_concurrent', message: 'must be >= 1 (it is 0)' }])
  })
})

describe('changing an agent', () => {
  it('changes what is given and leaves the rest', async () => {
    const agent = await postAgent(api, { max_concurrent: 2, description: 'first' })
    const path = `/api/v1/agents/${agent.id}`
    expect((await api.call('PATCH', path, { labels: ['New'] })).body).toMatchObject({
      labels: ['new'],
      max_concurrent: 2,
      description: 'first',
    })
    const lifted = await api.call('PATCH', path, { max_concurrent: null, description: '', paused: true })
    expect(lifted.body).toMatchObject({
      labels: ['new'],
      max_concurrent: null,
      description: '',
      paused: true,
    })
  })

  it('refuses nothing, and what it does not know', async () => {
    const agent = await postAgent(api)
    const path = `/api/v1/agents/${agent.id}`
    expect((await api.call('PATCH', path, {})).status).toBe(400)
    expect((await api.call('PATCH', path, { id: 'other' })).body).toMatchObject({
      errors: [{ path: 'body.id' }],
    })
    expect((await api.call('PATCH', '/api/v1/agents/nobody', { paused: true })).body['code']).toBe(
      'agent_not_found',
    )
  })

  it('pauses a host too, but a host keeps a limit', async () => {
    const hostId = await addHost(stack.database.pool)
    const path = `/api/v1/agents/${hostId}`
    expect((await api.call('PATCH', path, { paused: true })).body).toMatchObject({ paused: true })
    expect((await api.call('PATCH', path, { max_concurrent: null })).body['code']).toBe('mode_mismatch')
    expect((await api.call('GET', `/api/v1/hosts/${hostId}`)).body).toMatchObject({
      paused: true,
      max_concurrent: 1,
    })
  })
})

describe('a new token', () => {
  it('works, and the old one does not any more', async () => {
    const agent = await postAgent(api)
    const { status, body } = await api.call('POST', `/api/v1/agents/${agent.id}/token`)
    expect(status).toBe(200)
    expect((await dequeue(api, agent)).status).toBe(401)
    expect((await dequeue(api, { ...agent, token: String(body['token']) })).status).toBe(204)
  })

  it('ends what waits on the old one: the next task is not given out on it', async () => {
    const agent = await postAgent(api)
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting(1)
    const replaced = await api.call('POST', `/api/v1/agents/${agent.id}/token`)
    const { id } = await postTask(api, { requires: agent.labels })
    expect((await waiting).body).toMatchObject({ code: 'unauthenticated' })
    const owner = { ...agent, token: String(replaced.body['token']) }
    expect((await dequeue(api, owner)).body).toMatchObject({ task: { id, attempt: 1 } })
  })

  it('is nothing that a host has', async () => {
    const hostId = await addHost(stack.database.pool)
    expect((await api.call('POST', `/api/v1/agents/${hostId}/token`)).body['code']).toBe('mode_mismatch')
    expect((await api.call('POST', '/api/v1/agents/nobody/token')).body['code']).toBe('agent_not_found')
  })
})

describe('deleting an agent', () => {
  it('works when no unfinished task needs it, and ends its token', async () => {
    const agent = await postAgent(api)
    expect((await api.call('DELETE', `/api/v1/agents/${agent.id}`)).status).toBe(204)
    expect((await dequeue(api, agent)).status).toBe(401)
    expect((await api.call('DELETE', `/api/v1/agents/${agent.id}`)).body['code']).toBe('agent_not_found')
  })

  it('is 409 while it holds a task or one is assigned to it', async () => {
    const { agent, task } = await dequeued(api)
    const { id } = await postTask(api)
    await api.call('POST', `/api/v1/tasks/${id}/assign`, { agent_id: agent.id })
    const { status, body } = await api.call('DELETE', `/api/v1/agents/${agent.id}`)
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'agent_in_use', held: 1, assigned: 1 })
    const listed = await api.call('GET', `/api/v1/tasks?agent_id=${agent.id}`)
    expect((listed.body['tasks'] as Body[]).map((listedTask) => listedTask['id'])).toEqual([id, task.id])
  })

  it('is not how a host is deleted', async () => {
    const hostId = await addHost(stack.database.pool)
    expect((await api.call('DELETE', `/api/v1/agents/${hostId}`)).body['code']).toBe('mode_mismatch')
    expect((await api.call('DELETE', `/api/v1/hosts/${hostId}`)).status).toBe(204)
  })
})

describe('reading agents', () => {
  it('is for an agent itself only, whether or not the other one exists', async () => {
    const agent = await postAgent(api)
    const other = await postAgent(api)
    for (const id of [other.id, 'nobody']) {
      const { status, body } = await api.call('GET', `/api/v1/agents/${id}`, undefined, {
        token: agent.token,
      })
      expect([status, body['code']]).toEqual([403, 'forbidden'])
    }
  })

  it('lists agents and hosts by id, page by page', async () => {
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await api.call('GET', `/api/v1/agents?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ids.push(...(page.body['agents'] as { id: string }[]).map(({ id }) => id))
      cursor = page.body['next_cursor'] as string | null
    }
    const { rows } = await stack.database.pool.query<{ id: string }>('select id from agents')
    expect(ids).toEqual(rows.map(({ id }) => id).sort((a, b) => (a < b ? -1 : 1)))
    expect(ids.some((id) => id.startsWith('host-'))).toBe(true)
  })

  it('shows how many tasks one holds', async () => {
    const { agent } = await dequeued(api)
    expect((await api.call('GET', `/api/v1/agents/${agent.id}`)).body).toMatchObject({ held: 1 })
  })
})
