import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { postAgent, postTask, TOKENS } from '../../support/api.ts'
import type { WireTask } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi()

const minimal = { title: 'Fix the build', prompt: 'The build is broken.' }

describe('POST /api/v1/tasks', () => {
  it('creates an undecided task with the defaults', async () => {
    const { status, body } = await api.call('POST', '/api/v1/tasks', minimal, { token: TOKENS.coordinator })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...minimal,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as unknown,
      status: 'pending',
      execution_mode: 'undecided',
      requested_mode: 'undecided',
      priority: 3,
      requires: [],
      concurrency_key: null,
      source: {
        kind: 'api',
        repository: null,
        issue_number: null,
        url: null,
        event: null,
        action: null,
        sender: null,
        delivery_id: null,
      },
      agent_id: null,
      assigned_agent_id: null,
      attempt: 0,
      max_attempts: 3,
      deliveries: 0,
      cancel_requested: false,
      progress: null,
      run_at: null,
      created_at: expect.any(String) as unknown,
      claimed_at: null,
      started_at: null,
      finished_at: null,
      result: null,
      error: null,
    })
  })

  it.each(['undecided', 'ssh_cli', 'http_pull'])('keeps %s through JSON and the database', async (mode) => {
    const { id } = await postTask(api, { execution_mode: mode })
    const { body } = await api.call('GET', `/api/v1/tasks/${id}`)
    expect(body).toMatchObject({ execution_mode: mode, requested_mode: mode })
  })

  it('keeps everything a creator may say', async () => {
    const task = await postTask(api, {
      requires: ['GPU', 'linux', 'gpu'],
      priority: 1,
      max_attempts: 7,
      source: {
        repository: 'acme/shop',
        issue_number: 12,
        url: 'https://git.example.test/acme/shop/issues/12',
      },
    })
    expect(task).toMatchObject({
      requires: ['gpu', 'linux'],
      priority: 1,
      max_attempts: 7,
      source: { kind: 'api', repository: 'acme/shop', issue_number: 12 },
    })
  })

  it('schedules a task whose run_at is ahead and queues one whose run_at has passed', async () => {
    const ahead = await postTask(api, { run_at: '2999-01-01T00:00:00+02:00' })
    expect(ahead).toMatchObject({ status: 'scheduled', run_at: '2998-12-31T22:00:00.000Z' })
    expect(await postTask(api, { run_at: '2001-01-01T00:00:00Z' })).toMatchObject({ status: 'pending' })
  })

  it.each(['2030-06-30T23:59:60Z', '2030-02-30T00:00:00Z', 'tomorrow', ''])(
    'refuses run_at “%s”',
    async (run_at) => {
      const { status, body } = await api.call('POST', '/api/v1/tasks', { ...minimal, run_at })
      expect(status).toBe(400)
      expect(body['errors']).toEqual([{ path: 'body.run_at', message: expect.any(String) as unknown }])
    },
  )

  it('lets the second task of a concurrency key wait until the first has ended', async () => {
    const concurrency_key = randomUUID()
    const first = await postTask(api, { concurrency_key })
    const second = await postTask(api, { concurrency_key })
    expect([first.status, second.status]).toEqual(['pending', 'waiting'])
    await api.call('POST', `/api/v1/tasks/${first.id}/cancel`)
    expect((await api.call('GET', `/api/v1/tasks/${second.id}`)).body['status']).toBe('pending')
  })
})

describe('Idempotency-Key', () => {
  it('creates the task once, also for ten calls at once', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const calls = Array.from({ length: 10 }, () => api.call('POST', '/api/v1/tasks', minimal, { headers }))
    const answers = await Promise.all(calls)
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201))
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1)
  })

  it('refuses another body under the same key, naming the task', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const first = await api.call('POST', '/api/v1/tasks', minimal, { headers })
    const { status, body } = await api.call('POST', '/api/v1/tasks', { ...minimal, priority: 1 }, { headers })
    expect(status).toBe(422)
    expect(body).toMatchObject({ code: 'idempotency_key_reused', task_id: first.body['id'] })
  })

  it('tells creators of different roles apart', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const one = await api.call('POST', '/api/v1/tasks', minimal, { headers, token: TOKENS.admin })
    const other = await api.call('POST', '/api/v1/tasks', minimal, { headers, token: TOKENS.coordinator })
    expect(one.body['id']).not.toBe(other.body['id'])
  })

  it.each([
    ['', 'is empty'],
    ['x'.repeat(256), 'is too long'],
    ['Z\u00fcrich', 'is not ASCII'],
  ])('refuses a key that %#', async (key) => {
    const { status, body } = await api.call('POST', '/api/v1/tasks', minimal, {
      headers: { 'Idempotency-Key': key },
    })
    expect(status).toBe(400)
    expect(body).toMatchObject({ errors: [{ path: 'headers.idempotency-key' }] })
  })
})

describe('GET /api/v1/tasks', () => {
  const repository = `acme/${randomUUID()}`
  const created: WireTask[] = []
  beforeAll(async () => {
    for (let index = 0; index < 25; index += 1) {
      created.push(
        await postTask(api, {
          source: { repository },
          execution_mode: index % 2 === 0 ? 'ssh_cli' : 'http_pull',
        }),
      )
    }
    await api.call('POST', `/api/v1/tasks/${created[3]?.id ?? ''}/cancel`)
  })

  async function list(query: string): Promise<{ ids: string[]; next: string | null }> {
    const { status, body } = await api.call(
      'GET',
      `/api/v1/tasks?repository=${encodeURIComponent(repository)}&${query}`,
    )
    expect(status).toBe(200)
    return {
      ids: (body['tasks'] as WireTask[]).map(({ id }) => id),
      next: body['next_cursor'] as string | null,
    }
  }

  it('pages through everything, newest first, without gaps or repetitions, while tasks are added', async () => {
    const pages: string[][] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`)
      pages.push(page.ids)
      cursor = page.next
      await postTask(api, { source: { repository: `${repository}-later` } })
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4, 1])
    expect(pages.flat()).toEqual(created.map(({ id }) => id).reverse())
  })

  it('says null when the last page is exactly full', async () => {
    expect((await list('limit=25')).next).toBeNull()
  })

  it('filters by status and mode, one or several', async () => {
    expect((await list('status=cancelled')).ids).toEqual([created[3]?.id])
    expect((await list('status=cancelled,pending')).ids).toHaveLength(25)
    expect((await list('execution_mode=ssh_cli')).ids).toHaveLength(13)
    expect((await list('execution_mode=http_pull&status=pending')).ids).toHaveLength(11)
  })

  it('filters by agent: who holds, held or is assigned', async () => {
    const agent = await postAgent(api)
    const { id } = created[1] ?? {}
    await api.call('POST', `/api/v1/tasks/${String(id)}/assign`, { agent_id: agent.id })
    expect((await list(`agent_id=${agent.id}`)).ids).toEqual([id])
  })

  it('lists the known values when it is asked for an unknown one', async () => {
    const { status, body } = await api.call('GET', '/api/v1/tasks?status=pending,done&limit=0&colour=red')
    expect(status).toBe(400)
    expect(body['errors']).toMatchObject([{ path: 'query.colour' }, { path: 'query.limit' }])
    const unknown = await api.call('GET', '/api/v1/tasks?status=pending,done')
    expect(unknown.body['detail']).toContain('waiting, scheduled, pending')
    expect(unknown.body['detail']).toContain('not done')
  })

  it.each(['nonsense', '%00', 'YWJj'])('refuses the cursor “%s”', async (cursor) => {
    const { status, body } = await api.call('GET', `/api/v1/tasks?cursor=${cursor}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ errors: [{ path: 'query.cursor' }] })
  })
})

describe('a task', () => {
  it('that does not exist is 404', async () => {
    for (const path of ['', '/events', '/routing', '/logs']) {
      const { body } = await api.call('GET', `/api/v1/tasks/${randomUUID()}${path}`)
      expect(body['code']).toBe('task_not_found')
    }
  })

  it('has events that tell its life, and never a lease token', async () => {
    const { id } = await postTask(api)
    await api.call(
      'POST',
      `/api/v1/tasks/${id}/cancel`,
      { reason: 'not needed' },
      { token: TOKENS.coordinator },
    )
    const { body, text } = await api.call('GET', `/api/v1/tasks/${id}/events`)
    expect(body['events']).toMatchObject([
      { event: 'created', from_status: null, to_status: 'pending', actor: 'admin', task_id: id },
      {
        event: 'cancel',
        from_status: 'pending',
        to_status: 'cancelled',
        actor: 'coordinator',
        reason: 'not needed',
      },
    ])
    expect(text).not.toContain('lease_token')
  })
})
