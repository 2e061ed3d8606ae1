import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { dequeued, postAgent, postTask, TOKENS } from '../../support/api.ts'
import type { Body } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack
const TASKS = '/api/v1/tasks'
const minimal = { title: 'Fix it', prompt: 'It is broken.' }

function paths({ errors }: Body): string[] {
  return (errors as { path: string }[]).map(({ path }) => path)
}

describe('a body', () => {
  it.each(['{', '{"title": }', 'null', '"text"', '5', 'undefined', '{"a":1}}'])(
    '%s is malformed_json',
    async (text) => {
      const { status, body } = await api.call('POST', TASKS, text)
      expect([status, body['code']]).toEqual([400, 'malformed_json'])
    },
  )

  it('that is a list, or empty, says what is missing', async () => {
    expect((await api.call('POST', TASKS, '[]')).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'body' }],
    })
    expect(paths((await api.call('POST', TASKS, '')).body)).toEqual(['body.title', 'body.prompt'])
  })

  it('gets each wrong and each extra field listed', async () => {
    const { status, body } = await api.call('POST', TASKS, {
      title: '',
      priority: 9,
      colour: 'red',
      requires: ['ok', 5],
      source: { branch: 'main', issue_number: 0 },
    })
    expect(status).toBe(400)
    expect(paths(body).sort()).toEqual([
      'body.colour',
      'body.priority',
      'body.prompt',
      'body.requires.1',
      'body.source.branch',
      'body.source.issue_number',
      'body.title',
    ])
    for (const path of paths(body)) expect(body['detail']).toContain(path)
  })

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2016-12-31T23:59:60Z'])(
    'with the instant %s, which the database does not have, is refused at the edge',
    async (instant) => {
      const { status, body } = await api.call('POST', TASKS, { ...minimal, run_at: instant })
      expect([status, body['code']]).toEqual([400, 'invalid_request'])
      expect(paths(body)).toEqual(['body.run_at'])
    },
  )

  it('with an unknown execution_mode is told the known ones', async () => {
    const { body } = await api.call('POST', TASKS, { ...minimal, execution_mode: 'ssh' })
    expect(body['errors']).toEqual([
      {
        path: 'body.execution_mode',
        message: 'must be one of "undecided", "ssh_cli", "http_pull", not "ssh"',
      },
    ])
  })

  it.each([
    ['NUL', '\u0000'],
    ['a lone high surrogate', '\ud83d'],
    ['a lone low surrogate', '\ude86'],
  ])('with %s in its text is refused at the edge', async (_name, odd) => {
    for (const body of [
      { ...minimal, title: `a${odd}` },
      { ...minimal, prompt: odd },
      { ...minimal, requires: [`a${odd}`] },
      { ...minimal, source: { repository: `a${odd}` } },
      { ...minimal, concurrency_key: odd },
    ]) {
      const answer = await api.call('POST', TASKS, body)
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({ code: 'invalid_request' })
    }
    expect((await postTask(api, { title: 'whole 🚆' })).title).toBe('whole 🚆')
  })

  it('with such text deep in a result is refused too, and the claim stays', async () => {
    const results = ['\u0000', '\ud83d'].flatMap((odd) => [
      { deep: [{ text: odd }] },
      { deep: [{ [odd]: 1 }] },
    ])
    for (const result of results) {
      const { task, lease, agent } = await dequeued(api)
      const path = `${TASKS}/${task.id}/complete`
      const body = { lease_token: lease.token, result }
      const answer = await api.call('POST', path, body, { token: agent.token })
      expect(answer.status).toBe(400)
      expect(answer.body['errors']).toEqual([{ path: 'body.result', message: expect.any(String) as unknown }])
      expect((await api.call('GET', `${TASKS}/${task.id}`)).body['status']).toBe('claimed')
    }
  })

  it('may be nested 100 levels deep, and no deeper, wherever', async () => {
    const { task, lease, agent } = await dequeued(api)
    const completion = (levels: number): string => {
      const inner = '['.repeat(levels - 2) + ']'.repeat(levels - 2)
      return `{"lease_token":"${lease.token}","result":{"deep":${inner}}}`
    }
    const complete = (levels: number) =>
      api.call('POST', `${TASKS}/${task.id}/complete`, completion(levels), { token: agent.token })
    const message = 'is nested more than 100 levels deep'
    for (const levels of [101, 50_000, 2_000_000]) {
      expect((await complete(levels)).body).toMatchObject({
        code: 'invalid_request',
        detail: expect.stringContaining(message),
        errors: [{ path: 'body', message }],
      })
    }
    const { body } = await complete(100)
    expect(body['status']).toBe('succeeded')
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`
    expect((await api.call('POST', '/mcp', text)).body).toMatchObject({ errors: [{ path: 'body', message }] })
  })

  it('with more faults than anybody reads gets some named, and how many more there are', async () => {
    const strange = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`strange${index}`, 0]))
    const { body } = await api.call('POST', TASKS, { ...minimal, ...strange })
    expect(paths(body)).toHaveLength(51)
    expect(body['detail']).toContain('body has 10 more faults')
  })

  it('with a million faults is refused in a few words', async () => {
    const text = `{"title":"Fix it","prompt":"It is broken.","requires":[${'0,'.repeat(1_000_000)}0]}`
    const answer = await api.call('POST', TASKS, text)
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{}, { path: 'body' }] })
    expect(answer.text.length).toBeLessThan(2_000)
  })

  it('over the cap is 413 and says the cap', async () => {
    const text = JSON.stringify({ ...minimal, prompt: 'x'.repeat(8 * 1_048_576) })
    const { status, body } = await api.call('POST', TASKS, text)
    expect(status).toBe(413)
    expect(body).toMatchObject({ code: 'payload_too_large', limit_bytes: 8_388_608 })
  })

  it('over the cap only when it is unpacked is 413 too', async () => {
    const packed = gzipSync(JSON.stringify({ ...minimal, prompt: 'x'.repeat(9 * 1_048_576) }))
    const headers = { 'content-encoding': 'gzip' }
    expect((await api.call('POST', TASKS, packed, { headers })).status).toBe(413)
  })

  it('with the longest prompt is accepted', async () => {
    expect((await postTask(api, { prompt: '\u0001'.repeat(1_048_576) })).prompt).toHaveLength(1_048_576)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'application/json; charset=latin1',
  ])('as %s is 415', async (type) => {
    const headers = { 'content-type': type }
    const { status, body } = await api.call('POST', TASKS, JSON.stringify(minimal), { headers })
    expect([status, body['code']]).toEqual([415, 'unsupported_media_type'])
    expect(body['supported']).toHaveLength(1)
  })

  it('that is missing is 415', async () => {
    expect((await api.call('POST', TASKS)).status).toBe(415)
  })

  it.each(['gzip', 'deflate', 'br'])('that is not %s although it says so is 400', async (encoding) => {
    const headers = { 'content-encoding': encoding }
    const { status, body } = await api.call('POST', TASKS, JSON.stringify(minimal), { headers })
    expect([status, body['code']]).toEqual([400, 'malformed_json'])
  })

  it('in an encoding nobody knows is 415', async () => {
    const headers = { 'content-encoding': 'rot13' }
    expect((await api.call('POST', TASKS, JSON.stringify(minimal), { headers })).status).toBe(415)
  })

  it('packed correctly is read', async () => {
    const headers = { 'content-encoding': 'gzip' }
    expect((await api.call('POST', TASKS, gzipSync(JSON.stringify(minimal)), { headers })).status).toBe(201)
  })
})

describe('a condition', () => {
  it.each(['/api/v1/tasks', '/openapi.json', '/docs'])(
    'never makes %s answer 304: there is no ETag',
    async (path) => {
      const headers = { 'if-none-match': '*' }
      const { status, text } = await api.call('GET', path, undefined, { headers })
      expect([status, text === '']).toEqual([200, false])
    },
  )
})

describe('a path', () => {
  it.each([
    '/',
    '/api/v1/nothing',
    '/api/v2/tasks',
    '/docs/assets/nothing.js',
    '/docs/assets/%2e%2e/package.json',
  ])('%s is route_not_found', async (path) => {
    const { status, body } = await api.call('GET', path, undefined, { token: null })
    expect([status, body['code']]).toEqual([404, 'route_not_found'])
  })

  it.each([
    ['DELETE', '/api/v1/tasks', 'POST, GET'],
    ['DELETE', '/api/v1/tasks/dequeue', 'POST'],
    ['PUT', '/api/v1/tasks/01a2153b-5800-76ca-af42-a7d0f81045fe', 'GET'],
    ['POST', '/api/v1/hosts/one', 'DELETE, GET, PUT'],
    ['GET', '/api/v1/webhooks/forgejo', 'POST'],
    ['POST', '/healthz', 'GET'],
  ])('%s %s is 405 with Allow: %s', async (method, path, allowed) => {
    const { status, headers, body } = await api.call(method, path, method === 'GET' ? undefined : {}, {
      token: null,
    })
    expect([status, body['code']]).toEqual([405, 'method_not_allowed'])
    expect(headers.get('allow')).toBe(allowed)
  })

  it.each(['%', '%ff', 'not-a-uuid', '01a2153b-5800-76ca-af42-a7d0f81045f'])(
    'with the id %s is 400',
    async (id) => {
      expect((await api.call('GET', `${TASKS}/${id}`)).body['code']).toBe('invalid_request')
    },
  )

  it.each([
    'limit=1&limit=2',
    'limit=',
    'limit=1e1000',
    'limit=1.5',
    'agent_id=Upper',
    'repository=%00',
    'q=x',
  ])('with ?%s is 400', async (query) => {
    expect((await api.call('GET', `${TASKS}?${query}`)).body['code']).toBe('invalid_request')
  })
})

describe('a token', () => {
  it.each([
    [null, 'has no Authorization header'],
    ['Basic dXNlcjpwYXNz', 'not of the form'],
    ['Bearer', 'not of the form'],
    [`Bearer ${TOKENS.admin} ${TOKENS.admin}`, 'not of the form'],
    ['Bearer unknown', 'is not known'],
    [`Bearer ${TOKENS.admin}x`, 'is not known'],
  ])('“%s” is 401', async (authorization, told) => {
    const headers: Record<string, string> = authorization === null ? {} : { authorization }
    const {
      status,
      body,
      headers: answered,
    } = await api.call('GET', TASKS, undefined, { token: null, headers })
    expect([status, body['code']]).toEqual([401, 'unauthenticated'])
    expect(body['detail']).toContain(told)
    expect(answered.get('www-authenticate')).toBe('Bearer')
  })

  it('is asked for before the body is read', async () => {
    const { status, body } = await api.call('POST', TASKS, '{ not json', { token: null })
    expect([status, body['code']]).toEqual([401, 'unauthenticated'])
  })

  it('is Bearer however it is written', async () => {
    const headers = { authorization: `bearer  ${TOKENS.coordinator}` }
    expect((await api.call('GET', TASKS, undefined, { token: null, headers })).status).toBe(200)
  })

  it('of an agent that was deleted is 401', async () => {
    const agent = await postAgent(api)
    await api.call('DELETE', `/api/v1/agents/${agent.id}`)
    const { status } = await api.call('GET', `/api/v1/agents/${agent.id}`, undefined, { token: agent.token })
    expect(status).toBe(401)
  })
})
