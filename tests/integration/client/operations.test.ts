import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { createClient, isProblem, SwitchyardUnreachable } from '@switchyard/client'
import type { Client, Operations } from '@switchyard/client'
import { PROBLEMS, ROUTES } from '@switchyard/contract'
import type { Route, RouteReply } from '@switchyard/contract'
import { OPERATIONS } from '../../../packages/client/src/wire/operations.ts'
import { postAgent, postTask, TOKENS, WEBHOOK_SECRET } from '../../support/api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

/** What a method of the client resolves with. */
type Resolved<Name extends keyof Operations> = Awaited<ReturnType<Operations[Name]>>
type JsonBody<Name extends keyof typeof ROUTES> = Extract<
  RouteReply<(typeof ROUTES)[Name]>,
  { body: object }
>['body']
/** Compiles only when every JSON answer of the contract is what the client says it is; a document of any form aside. */
type Unlike = {
  [
    Name in Exclude<
      keyof typeof ROUTES & keyof Operations,
      'getOpenApi'
    > as JsonBody<Name> extends Resolved<Name> ? never : Name
  ]: Name
}
const UNLIKE: Unlike = {}

const { api } = useTestApi()

function client(options: { token?: string; fetch?: typeof fetch; retrySeconds?: number } = {}): Client {
  return createClient({ baseUrl: `${api.url}/`, token: TOKENS.admin, ...options })
}

/** Carries every request out, and loses the first answer to each kind of call. */
function losingFetch(): { fetch: typeof fetch; sent: string[] } {
  const sent: string[] = []
  return {
    sent,
    async fetch(input, init) {
      const call = `${init?.method ?? 'GET'} ${new URL(input).pathname}`
      const response = await fetch(input, init)
      sent.push(call)
      if (sent.filter((earlier) => earlier === call).length > 1) return response
      await response.arrayBuffer()
      throw new TypeError('fetch failed', { cause: new Error('other side closed') })
    },
  }
}

describe('the operations of the client', () => {
  it('are those of the contract, no more and no less', () => {
    const routes = Object.values<Route>(ROUTES)
    expect(Object.keys(OPERATIONS).sort()).toEqual(routes.map(({ operationId }) => operationId).sort())
    for (const { operationId, method, path } of routes) {
      expect(OPERATIONS).toHaveProperty(operationId, { method: method.toUpperCase(), path })
    }
    const beside = new Set(['followTaskLogs', 'work'])
    const methods = Object.keys(client()).filter((name) => !beside.has(name))
    expect(methods.sort()).toEqual(Object.keys(ROUTES).sort())
    expect(UNLIKE).toEqual({})
  })

  it('can tell from its name where each field of an input belongs', () => {
    for (const { operationId, query, body, params, method } of Object.values<Route>(ROUTES)) {
      const names = [params, query, body].flatMap((schema) =>
        Object.keys((schema as { properties?: object } | undefined)?.properties ?? {}),
      )
      expect([operationId, new Set(names).size]).toEqual([operationId, names.length])
      if (method === 'get' || method === 'delete')
        expect([operationId, body]).toEqual([operationId, undefined])
      else expect([operationId, query]).toEqual([operationId, undefined])
    }
  })

  it('answer what the server says', async () => {
    const admin = client()
    const task = await admin.createTask({ title: 'Say hello', prompt: 'Hello.', requires: ['nobody'] })
    expect(await admin.getTask({ task_id: task.id })).toEqual(task)
    expect((await admin.listTasks({ status: 'pending', limit: 1 })).tasks).toHaveLength(1)
    expect((await admin.getTaskEvents({ task_id: task.id })).events[0]?.event).toBe('created')
    expect((await admin.getTaskRouting({ task_id: task.id })).candidates).toEqual([])
    expect(await admin.getTaskLogs({ task_id: task.id })).toEqual({
      text: '',
      next_offset: 0,
      complete: false,
      attempt: 0,
    })
    expect((await admin.getQueue()).counts).not.toEqual([])
    expect((await admin.cancelTask({ task_id: task.id })).status).toBe('cancelled')
    expect((await admin.rerunTask({ task_id: task.id })).status).toBe('pending')
    expect(await admin.getReadiness()).toEqual({ status: 'ready' })
    expect(await admin.getDocs()).toContain('<html')
    expect(await admin.getOpenApi()).toHaveProperty('openapi')
    const agent = await admin.registerAgent({ id: 'ada', labels: ['linux'] })
    expect(await admin.updateAgent({ agent_id: 'ada', paused: true })).toMatchObject({ paused: true })
    const own = client({ token: agent.token })
    expect(await own.dequeueTask({ agent_id: 'ada' })).toMatchObject({
      task: null,
      reason: 'paused',
      retry_after_seconds: expect.any(Number),
    })
    await expect(admin.deleteAgent({ agent_id: 'ada' })).resolves.toBeUndefined()
  })

  it('deliver what a forge has signed', async () => {
    const body = JSON.stringify({ action: 'nothing', repository: { full_name: 'acme/shop' } })
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex')
    const headers = {
      'content-type': 'application/json',
      'x-forgejo-event': 'ping',
      'x-forgejo-signature': signature,
    }
    const anybody = createClient({ baseUrl: api.url })
    expect(await anybody.receiveForgejoDelivery({ body, headers })).toMatchObject({ outcome: 'ignored' })
  })

  it('reject with the problem and its facts', async () => {
    const { id } = await postTask(api)
    const agent = await postAgent(api)
    const call = client().failTask({ task_id: id, lease_token: id, error: 'no' })
    await expect(call).rejects.toMatchObject({
      name: 'SwitchyardProblem',
      code: 'lease_lost',
      status: 409,
      detail: expect.stringMatching(/^The lease token does not .* Stop the work/),
      happened: expect.stringMatching(/stored: .* without you\.$/),
      next: PROBLEMS.lease_lost.next,
      facts: { task_status: 'pending' },
      retryAfter: null,
    })
    const invalid = await client({ token: agent.token })
      .dequeueTask({ agent_id: agent.id, wait_seconds: 100 })
      .catch((error: unknown) => error)
    expect(isProblem(invalid, 'invalid_request')).toBe(true)
    expect(invalid).toMatchObject({
      errors: [{ path: 'body.wait_seconds' }],
      message: expect.stringContaining('60'),
    })
    await expect(client({ token: 'wrong' }).getQueue()).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('end when their signal aborts', async () => {
    const agent = await postAgent(api)
    const hangUp = new AbortController()
    const waiting = client({ token: agent.token }).dequeueTask(
      { agent_id: agent.id, wait_seconds: 60 },
      { signal: hangUp.signal },
    )
    await api.untilWaiting()
    hangUp.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  it('say so when it is no Switchyard that answers, or nobody', async () => {
    const wrong = createClient({
      baseUrl: api.url,
      fetch: () =>
        Promise.resolve(new Response('<html>It works!</html>', { headers: { 'content-type': 'text/html' } })),
    })
    await expect(wrong.getQueue()).rejects.toThrow(/is it a Switchyard server.*It works/)
    const nobody = createClient({ baseUrl: 'http://127.0.0.1:9', retrySeconds: 0 })
    await expect(nobody.getQueue()).rejects.toThrow(SwitchyardUnreachable)
  })

  it('say at once, and without showing it, what no header can hold', async () => {
    const task = { title: 'Say hello', prompt: 'Hello.', idempotency_key: 'the key of Zürich 🚆' }
    const said = 'idempotency-key is sent as a header, which holds visible characters only'
    await expect(client().createTask(task)).rejects.toThrow(new TypeError(said))
    const secret = client({ token: 'two\nlines' }).getQueue({})
    await expect(secret).rejects.toThrow('authorization is sent as a header')
  })
})

describe('a lost answer', () => {
  it('makes no second task, and loses none', async () => {
    const agent = await postAgent(api)
    const { fetch, sent } = losingFetch()
    const admin = client({ fetch })
    const own = client({ fetch, token: agent.token })

    const task = await admin.createTask({ title: 'Once', prompt: 'Only.', requires: agent.labels })
    const listed = await client().listTasks({ status: 'pending' })
    expect(listed.tasks.filter(({ title }) => title === 'Once')).toHaveLength(1)

    const claimed = await own.dequeueTask({ agent_id: agent.id })
    expect(claimed.task).toMatchObject({ id: task.id, deliveries: 1 })
    const claim = { task_id: task.id, lease_token: claimed.lease!.token }
    expect((await own.heartbeatTask(claim)).directive).toBe('continue')
    const result = { summary: 'done' }
    expect(await own.completeTask({ ...claim, result })).toMatchObject({ status: 'succeeded', result })
    await expect(admin.deleteAgent({ agent_id: agent.id })).resolves.toBeUndefined()
    const unwanted = await postTask(api)
    expect(await admin.cancelTask({ task_id: unwanted.id })).toMatchObject({ status: 'cancelled' })
    expect(sent).toHaveLength(12)
  })

  it('of a call that must not come twice is told to the caller', async () => {
    const { fetch, sent } = losingFetch()
    const { id } = await postTask(api)
    await client().cancelTask({ task_id: id })
    await expect(client({ fetch }).rerunTask({ task_id: id })).rejects.toThrow(SwitchyardUnreachable)
    expect(sent).toHaveLength(1)
    expect(await client().getTask({ task_id: id })).toMatchObject({ status: 'pending' })
  })

  it('is told from an answer: that the database is away does not say that nothing was done', async () => {
    const away = (sent: unknown[]): typeof fetch => {
      const { status, title, next } = PROBLEMS.database_unavailable
      const body = { status, title, next, detail: next, code: 'database_unavailable', request_id: 'r' }
      return async (url, init) => {
        sent.push(url)
        return sent.length === 1 ? Response.json(body, { status }) : fetch(url, init)
      }
    }
    const { id } = await postTask(api)
    const [asked, told]: [unknown[], unknown[]] = [[], []]
    expect(await client({ fetch: away(asked) }).getTask({ task_id: id })).toMatchObject({ id })
    expect(asked).toHaveLength(2)
    const call = client({ fetch: away(told) }).rerunTask({ task_id: id })
    await expect(call).rejects.toMatchObject({ code: 'database_unavailable', status: 503 })
    expect(told).toHaveLength(1)
  })

  it('is not waited for when the call may not be repeated', async () => {
    await expect(client({ ...losingFetch(), retrySeconds: 0 }).getQueue()).rejects.toThrow(
      'other side closed',
    )
  })
})

describe('a log that is followed', () => {
  it('comes to its end', async () => {
    const agent = await postAgent(api)
    const task = await client().createTask({ title: 'Talk', prompt: 'Talk.', requires: agent.labels })
    const pieces: string[] = []
    const following = (async () => {
      for await (const piece of client().followTaskLogs({ task_id: task.id })) {
        pieces.push(
          piece.kind === 'text' ? piece.text : `end of attempt ${piece.attempt} at ${piece.next_offset}`,
        )
      }
    })()
    const worker = client({ token: agent.token }).work(
      async (_, { log, logged }) => {
        log('Grüße, ')
        await logged()
        await until('the first words have been read', () => pieces.length > 0)
        log('🚆\n')
        return { summary: 'said' }
      },
      { agentId: agent.id },
    )
    await following
    await worker.stop()
    expect(pieces.join('')).toBe('Grüße, 🚆\nend of attempt 1 at 14')
    expect(await client().getTask({ task_id: task.id })).toMatchObject({ result: { summary: 'said' } })
  })
})
