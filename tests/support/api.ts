import { createHmac, randomUUID } from 'node:crypto'
import { createWakeUps, readConfig, startApi } from '@switchyard/api'
import type { ApiConfig, ApiOverrides, WakeUps } from '@switchyard/api'
import type { Agent, Lease, Task as TaskSchema } from '@switchyard/contract'
import { createLog } from '@switchyard/platform'
import type { Static } from '@switchyard/platform'
import { checkAnswer } from './check-answer.ts'
import { until } from './until.ts'

export type WireTask = Static<typeof TaskSchema>
export type WireLease = Static<typeof Lease>
export type Body = Record<string, unknown>

export const TOKENS = { admin: 'token-of-the-admin', coordinator: 'token-of-a-coordinator' } as const
export const WEBHOOK_SECRET = 'forty-two-is-not-a-secret'

export interface CallOptions {
  /** null: none. Default: the admin's. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Aborting it hangs up. */
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; empty when it is none. */
  readonly body: Body
}

export interface TestApi {
  readonly url: string
  readonly port: number
  /** Sends a request; an object as body goes as JSON, text and bytes as they are. Throws when the answer is not in the contract. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** Resolves when so many requests wait for news. */
  untilWaiting(requests?: number): Promise<void>
  stop(): Promise<void>
}

export interface TestApiOptions extends Pick<ApiOverrides, 'clock' | 'log' | 'hostCheckMilliseconds'> {
  readonly config?: Partial<ApiConfig>
}

/** Starts the API on a free port, checking each of its answers against the contract. */
export async function startTestApi(
  database: { readonly connectionString: string },
  { config = {}, ...overrides }: TestApiOptions = {},
): Promise<TestApi> {
  const bell = observedBell()
  const read = readConfig({
    DATABASE_URL: database.connectionString,
    PORT: '0',
    SWITCHYARD_ADMIN_TOKEN: TOKENS.admin,
    SWITCHYARD_COORDINATOR_TOKENS: TOKENS.coordinator,
    SWITCHYARD_WEBHOOK_SECRET: WEBHOOK_SECRET,
  })
  const api = await startApi(
    { ...read.config, ...config },
    {
      log: createLog({ level: 'silent', service: 'api' }),
      validateAnswers: true,
      wakeUps: bell.wakeUps,
      ...overrides,
    },
  )
  return {
    url: api.url,
    port: api.port,
    call: (method, path, body, options = {}) => call(api.url, method, path, body, options),
    async untilWaiting(requests = 1) {
      await until(`${requests} request(s) wait`, () => bell.waiting() + api.waitingDequeues() >= requests)
    },
    stop: () => api.stop(),
  }
}

async function call(url: string, method: string, path: string, body: unknown, options: CallOptions) {
  const { token = TOKENS.admin, headers = {}, signal } = options
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: serialized(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
  const answer: Answer = {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as Body) : {},
  }
  checkAnswer(method, path, answer)
  return answer
}

function serialized(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

/** A bell that knows how many wait for it. */
function observedBell(): { readonly wakeUps: WakeUps; waiting(): number } {
  const bell = createWakeUps()
  let waiting = 0
  return {
    wakeUps: {
      async next(milliseconds, signal) {
        waiting += 1
        await bell.next(milliseconds, signal)
        waiting -= 1
      },
      ring: () => bell.ring(),
    },
    waiting: () => waiting,
  }
}

/** The HMAC-SHA256 that a forge puts into its signature header. */
export function sign(secret: string, body: string | Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** Creates a task. Without labels it gets one of its own, so that nobody takes it by accident. */
export async function postTask(api: TestApi, task: Body = {}): Promise<WireTask> {
  const requires = [`only-${randomUUID()}`]
  const answer = await api.call('POST', '/api/v1/tasks', {
    title: 'Fix it',
    prompt: 'It is broken.',
    requires,
    ...task,
  })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body as WireTask
}

export interface TestAgent {
  readonly id: string
  readonly token: string
  /** Labels of its own: tasks that require them are for it alone. */
  readonly labels: string[]
}

/** Registers an agent with a label of its own. */
export async function postAgent(api: TestApi, agent: Body = {}): Promise<TestAgent> {
  const labels = [`only-${randomUUID()}`]
  const id = `agent-${randomUUID()}`
  const answer = await api.call('POST', '/api/v1/agents', { id, labels, ...agent })
  if (answer.status !== 201) throw new Error(answer.text)
  const registered = answer.body as { agent: Static<typeof Agent>; token: string }
  return { id: registered.agent.id, token: registered.token, labels: registered.agent.labels }
}

export interface Held {
  readonly agent: TestAgent
  readonly task: WireTask
  readonly lease: WireLease
}

/** A task, and an agent that has just taken it. */
export async function dequeued(api: TestApi, task: Body = {}, agent?: TestAgent): Promise<Held> {
  const holder = agent ?? (await postAgent(api))
  const { id } = await postTask(api, { requires: holder.labels, ...task })
  const answer = await dequeue(api, holder)
  const claim = answer.body as { task: WireTask; lease: WireLease }
  if (answer.status !== 200 || claim.task.id !== id) throw new Error(`not dequeued: ${answer.text}`)
  return { agent: holder, ...claim }
}

/** Asks for work with the agent's own token. */
export function dequeue(
  api: TestApi,
  agent: TestAgent,
  rest: Body = {},
  options: CallOptions = {},
): Promise<Answer> {
  const body = { agent_id: agent.id, ...rest }
  return api.call('POST', '/api/v1/tasks/dequeue', body, { token: agent.token, ...options })
}
