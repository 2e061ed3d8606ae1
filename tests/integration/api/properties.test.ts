import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import fc from 'fast-check'
import { dequeued, postAgent, postTask, sign, TOKENS, WEBHOOK_SECRET } from '../../support/api.ts'
import { arbitraryFor } from '../../support/arbitrary-for-schema.ts'
import type { JsonSchema } from '../../support/arbitrary-for-schema.ts'
import { addHost } from '../../support/task-factory.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi({ hostCheckMilliseconds: 1 })
const { api } = stack
const ids: string[] = []
beforeAll(async () => {
  const agent = await postAgent(api)
  const held = await dequeued(api)
  const started = await dequeued(api, {}, await postAgent(api, { max_concurrent: 3 }))
  const hostId = await addHost(stack.database.pool)
  const tasks = [
    await postTask(api),
    await postTask(api, { requires: agent.labels }),
    held.task,
    started.task,
  ]
  ids.push(
    ...tasks.map(({ id }) => id),
    held.lease.token,
    started.lease.token,
    agent.id,
    hostId,
    held.agent.id,
  )
})

// What never ends has tests of its own; operations take nothing.
const routes = Object.values<Route>(ROUTES).filter(
  ({ operationId, tag }) => operationId !== 'streamEvents' && tag !== 'Operations' && tag !== 'Webhooks',
)
const RUNS = 30

describe.each(routes)('$operationId', (route) => {
  it('answers whatever is sent as the contract says, and never breaks', async () => {
    const part = (schema: unknown) => arbitraryFor(schema ?? { type: 'object' }, ids)
    const input = fc.record({
      params: part(route.params),
      query: part(route.query),
      body: part(route.body),
      token: fc.oneof({ weight: 9, arbitrary: fc.constant(TOKENS.admin) }, fc.constant(TOKENS.coordinator)),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ params, query, body, token }) => {
        const path = pathOf(route, params, query)
        const sent = route.body === undefined ? undefined : withoutWaiting(body)
        // `call` itself throws when the contract does not promise the answer.
        const { status, body: answer } = await api.call(route.method.toUpperCase(), path, sent, { token })
        expect([status < 500 || answer['code'] === 'dispatcher_unavailable', answer]).toEqual([true, answer])
      }),
      { numRuns: RUNS },
    )
  })
})

describe('webhooks', () => {
  const event = fc.constantFrom(
    'issues',
    'issue_comment',
    'pull_request',
    'pull_request_approved',
    'push',
    'release',
    '',
    'x',
  )
  const user = { type: 'object', properties: { login: { type: 'string' } } }
  const thread: JsonSchema = {
    type: 'object',
    properties: {
      number: { type: 'integer' },
      title: { type: 'string' },
      body: { type: 'string' },
      html_url: { type: 'string' },
      labels: {
        type: 'array',
        items: { type: 'object', properties: { name: { enum: ['agent', 'bug', 5, null] } } },
      },
      assignee: user,
    },
    required: ['number', 'title'],
  }
  const payload: JsonSchema = {
    type: 'object',
    properties: {
      action: { enum: ['opened', 'label_updated', 'label_cleared', 'closed', 'created', 'reviewed', ''] },
      issue: thread,
      pull_request: thread,
      comment: {
        type: 'object',
        properties: { body: { enum: ['/agent do it', 'no', '/agent\u0000\ud83d'] }, user },
      },
      repository: {
        type: 'object',
        properties: {
          full_name: { enum: ['acme/shop'] },
          html_url: { enum: ['https://git.example.test/acme/shop', 'x'] },
        },
        required: ['full_name', 'html_url'],
      },
      sender: user,
      ref: { type: 'string' },
      before: { type: 'string' },
      after: { type: 'string' },
    },
    required: ['action', 'repository'],
  }

  it.each(['forgejo', 'gitea'])('from %s are kept, whatever a signed payload holds', async (forge) => {
    await fc.assert(
      fc.asyncProperty(event, arbitraryFor(payload, ['acme/shop']), async (name, body) => {
        const text = JSON.stringify(body)
        const headers = {
          [`x-${forge}-event`]: name,
          [`x-${forge}-delivery`]: randomUUID(),
          [`x-${forge}-signature`]: sign(WEBHOOK_SECRET, text),
        }
        const { status } = await api.call('POST', `/api/v1/webhooks/${forge}`, text, { token: null, headers })
        const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
        expect(status).toBe(isObject ? 202 : 400)
      }),
      { numRuns: 50 },
    )
  })
})

function pathOf(route: Route, params: unknown, query: unknown): string {
  const given = typeof params === 'object' ? (params as Record<string, unknown> | null) : null
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const segment = inUrl(given?.[name])
    // A segment of nothing or of dots makes it another path, also for the client.
    return /^\.{0,2}$/.test(segment) ? 'x' : segment
  })
  const pairs = Object.entries(typeof query === 'object' ? (query ?? {}) : {})
  const search = pairs.map(([name, value]) => `${inUrl(name)}=${inUrl(value)}`).join('&')
  return search === '' ? path : `${path}?${search}`
}

function inUrl(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
    .slice(0, 2_000)
    .replace(/%[0-9A-F]?$/, '')
}

function withoutWaiting(body: unknown): unknown {
  const waits =
    typeof body === 'object' &&
    body !== null &&
    'wait_seconds' in body &&
    typeof body.wait_seconds === 'number'
  return waits ? { ...body, wait_seconds: Math.min(body.wait_seconds as number, 0) } : body
}
