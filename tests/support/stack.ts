import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROUTES, type RouteInput, type RouteReply } from '@switchyard/contract'
import { createClient, type Client } from '../../demo/client.ts'
import { deliver, type DeliveryAnswer, type ForgejoDelivery } from '../../demo/deliveries.ts'
import { startReadyService, type ReadyService } from '../../demo/service.ts'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { until } from './until.ts'

export type Task = RouteReply<typeof ROUTES.getTask>['body']
export type TaskEvent = RouteReply<typeof ROUTES.getTaskEvents>['body']['events'][number]
export type Claimed = Extract<RouteReply<typeof ROUTES.dequeueTask>, { status: 200 }>['body']
type HostBody = RouteInput<typeof ROUTES.putHost>['body']
type TaskBody = RouteInput<typeof ROUTES.createTask>['body']

type Variables = Readonly<Record<string, string>>

export const ADMIN_TOKEN = 'the-token-of-the-administrator'
const WEBHOOK_SECRET = 'the-secret-of-the-webhook'
const SHOWN_LOG_LINES = 80
const ENDED = ['succeeded', 'failed', 'cancelled']

/** Quick cycles, and nothing that ends by itself within a test unless the test asks for it. */
const SETTINGS: Variables = {
  SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '0.3',
  // What becomes of a task on a bad host is to be seen, and not prevented by a check that came first.
  SWITCHYARD_HOST_CHECK_SECONDS: '0',
  SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: '600',
  NODE_OPTIONS: '--import tsx --conditions=@switchyard/source --disable-warning=ExperimentalWarning',
}

export interface StackOptions {
  readonly databaseUrl: string
  /** How many API processes. */
  readonly apis?: number
  /** A rules file's text; else the built-in rules. */
  readonly rules?: string
  /** For every service, over our own settings. */
  readonly env?: Variables
}

/** An http_pull agent that has registered. */
export interface StackAgent {
  readonly id: string
  readonly client: Client
  /** Takes a task; null when there is none. */
  dequeue(waitSeconds?: number): Promise<Claimed | null>
}

/** The services as real processes, from source, on a database of the test's own. */
export interface Stack {
  /** Of the first API, as the administrator. */
  readonly client: Client
  readonly urls: readonly string[]
  /** A place for the test's files, which goes with the stack. */
  readonly directory: string
  startDispatcher(env?: Variables): Promise<ReadyService>
  /** So that none of one test's takes the tasks of the next. */
  stopDispatchers(): Promise<void>
  putHost(
    ssh: Pick<LocalSshServer, 'address' | 'port' | 'user' | 'privateKeyPath' | 'hostKeySha256'>,
    host: Partial<HostBody> & Pick<HostBody, 'command'>,
    id?: string,
  ): Promise<string>
  registerAgent(labels: string[], maxConcurrent?: number): Promise<StackAgent>
  createTask(task?: Partial<TaskBody>): Promise<Task>
  deliver(delivery: ForgejoDelivery): Promise<DeliveryAnswer>
  /** Delivers what must become one task, and returns that. */
  deliverTask(delivery: ForgejoDelivery): Promise<Task>
  task(id: string): Promise<Task>
  events(id: string): Promise<TaskEvent[]>
  log(id: string): Promise<string>
  /** Waits until a task looks as it should. */
  untilTask(id: string, what: string, fits: (task: Task) => boolean, seconds?: number): Promise<Task>
  untilEnded(id: string, seconds?: number): Promise<Task>
  /** What the services had to say, for a test that failed. */
  logs(): Promise<string>
  stop(): Promise<void>
}

/** Starts the API; dispatchers are started by the test, as many as it needs. */
export async function startStack({ databaseUrl, apis = 1, rules, env = {} }: StackOptions): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-stack-'))
  const logDirectory = join(directory, 'logs')
  await mkdir(logDirectory)
  const services: ReadyService[] = []

  async function start(name: 'api' | 'dispatcher', variables: Variables): Promise<ReadyService> {
    const service = await startReadyService({
      name,
      entry: fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url)),
      env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: databaseUrl, ...SETTINGS, ...env, ...variables },
      logFile: join(logDirectory, `${name}-${randomUUID().slice(0, 8)}.log`),
    })
    services.push(service)
    return service
  }

  async function startApi(): Promise<ReadyService> {
    const rulesFile = join(directory, 'rules.yaml')
    if (rules !== undefined) await writeFile(rulesFile, rules)
    return start('api', {
      PORT: '0',
      SWITCHYARD_ADMIN_TOKEN: ADMIN_TOKEN,
      SWITCHYARD_WEBHOOK_SECRET: WEBHOOK_SECRET,
      ...(rules === undefined ? {} : { SWITCHYARD_RULES_FILE: rulesFile }),
    })
  }

  async function stopDispatchers(): Promise<void> {
    await Promise.all(services.filter(({ name }) => name === 'dispatcher').map((service) => service.stop()))
  }

  async function stop(): Promise<void> {
    await Promise.all(services.map((service) => service.stop()))
    await rm(directory, { recursive: true, force: true })
  }

  const started = await Promise.allSettled(Array.from({ length: apis }, startApi))
  const failed = started.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const urls = services.map(({ url }) => url)
  const client = createClient(urls[0]!, ADMIN_TOKEN)
  const task = async (id: string) => (await client.call(ROUTES.getTask, { params: { task_id: id } })).body

  async function untilTask(id: string, what: string, fits: (task: Task) => boolean, seconds = 30) {
    return until(
      `task ${id} ${what}`,
      async () => {
        const present = await task(id)
        return fits(present) ? present : null
      },
      seconds,
    )
  }

  return {
    client,
    urls,
    directory,
    task,
    untilTask,
    stop,
    stopDispatchers,
    startDispatcher: (variables = {}) => start('dispatcher', { SWITCHYARD_HEALTH_PORT: '0', ...variables }),
    async putHost(ssh, host, id = `host-${randomUUID()}`) {
      const body = {
        address: ssh.address,
        port: ssh.port,
        user: ssh.user,
        private_key_path: ssh.privateKeyPath,
        host_key_sha256: ssh.hostKeySha256,
        ...host,
      }
      await client.call(ROUTES.putHost, { params: { host_id: id }, body })
      return id
    },
    async registerAgent(labels, maxConcurrent) {
      const id = `agent-${randomUUID()}`
      const limit = maxConcurrent === undefined ? {} : { max_concurrent: maxConcurrent }
      const { body } = await client.call(ROUTES.registerAgent, { body: { id, labels, ...limit } })
      const own = createClient(urls[0]!, body.token)
      return {
        id,
        client: own,
        async dequeue(waitSeconds = 0) {
          const reply = await own.call(ROUTES.dequeueTask, {
            body: { agent_id: id, wait_seconds: waitSeconds },
          })
          return reply.status === 200 ? reply.body : null
        },
      }
    },
    async createTask(fields = {}) {
      const body = { title: 'Fix the build', prompt: 'The build is broken. Fix it.', ...fields }
      return (await client.call(ROUTES.createTask, { body })).body
    },
    deliver: (delivery) => deliver(urls[0]!, WEBHOOK_SECRET, delivery),
    async deliverTask(delivery) {
      const answer = await deliver(urls[0]!, WEBHOOK_SECRET, delivery)
      const [created] = answer.status === 202 ? answer.body.tasks : []
      if (answer.status !== 202 || answer.body.outcome !== 'created' || created === undefined)
        throw new Error(`the delivery made no task: ${JSON.stringify(answer)}`)
      return task(created.id)
    },
    async events(id) {
      return (await client.call(ROUTES.getTaskEvents, { params: { task_id: id } })).body.events
    },
    async log(id) {
      return (await client.call(ROUTES.getTaskLogs, { params: { task_id: id } })).body
    },
    untilEnded: (id, seconds) => untilTask(id, 'has ended', ({ status }) => ENDED.includes(status), seconds),
    async logs() {
      const files = (await readdir(logDirectory)).sort()
      const texts = await Promise.all(files.map((file) => readFile(join(logDirectory, file), 'utf8')))
      return files
        .map((file, index) => `--- ${file}\n${texts[index]!.split('\n').slice(-SHOWN_LOG_LINES).join('\n')}`)
        .join('\n')
    },
  }
}

/** A test that shows what the services had to say when it fails. */
export function telling(stack: () => Stack | undefined, test: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await test()
    } catch (error) {
      console.error((await stack()?.logs()) ?? 'the stack did not start')
      throw error
    }
  }
}
