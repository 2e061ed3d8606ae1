import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROUTES, type RouteInput } from '@switchyard/contract'
import { createClient, type Client } from '../../../demo/client.ts'
import { SOURCE_FLAGS } from '../child-process.ts'
import type { LoadAgent } from './load/work-loop.ts'

const ADMIN_TOKEN = 'the-token-of-the-administrator'
const WEBHOOK_SECRET = 'the-secret-of-the-webhook'
const REGISTERED_AT_A_TIME = 50

/** The API as a process with its default settings, log lines of level info into a file included. */
export interface ApiProcess {
  readonly pid: number
  readonly url: string
  readonly adminToken: string
  readonly webhookSecret: string
  readonly client: Client
  registerAgents(count: number, labels: readonly string[]): Promise<LoadAgent[]>
  createTask(task: Partial<RouteInput<typeof ROUTES.createTask>['body']>): Promise<string>
  /** Resident memory in MiB; NaN where there is no /proc. */
  residentMebibytes(): Promise<number>
  stop(): Promise<void>
}

/** As it is built, which is how it runs in earnest; from source where nothing was built. */
const BUILT = fileURLToPath(new URL('../../../services/api/dist/main.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../../services/api/src/main.ts', import.meta.url))

export async function startApiProcess({
  databaseUrl,
  directory,
  flags = [],
}: {
  readonly databaseUrl: string
  readonly directory: string
  /** Of Node.js. */
  readonly flags?: readonly string[]
}): Promise<ApiProcess> {
  const logFile = join(directory, `api-${randomUUID().slice(0, 8)}.log`)
  const log = await open(logFile, 'a')
  const isBuilt = existsSync(BUILT) && process.env['NODE_ENV'] !== 'test'
  const child = fork(isBuilt ? BUILT : SOURCE, {
    execArgv: isBuilt ? [...flags] : [...SOURCE_FLAGS, ...flags],
    // A session of its own: Ctrl-C reaches it through us and in our order.
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: databaseUrl,
      PORT: '0',
      SWITCHYARD_ADMIN_TOKEN: ADMIN_TOKEN,
      SWITCHYARD_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
  })
  await log.close()
  const exited = once(child, 'exit')
  const url = await Promise.race([
    once(child, 'message').then(([message]) => (message as { listening: string }).listening),
    exited.then(() => null),
  ])
  if (url === null) throw new Error(`the API did not start:\n${await readFile(logFile, 'utf8')}`)
  const client = createClient(url, ADMIN_TOKEN)

  async function registerAgent(labels: readonly string[]): Promise<LoadAgent> {
    const id = `agent-${randomUUID()}`
    const { body } = await client.call(ROUTES.registerAgent, { body: { id, labels: [...labels] } })
    return { id, token: body.token }
  }

  return {
    pid: child.pid ?? 0,
    url,
    client,
    adminToken: ADMIN_TOKEN,
    webhookSecret: WEBHOOK_SECRET,
    async registerAgents(count, labels) {
      const agents: LoadAgent[] = []
      while (agents.length < count) {
        const group = Math.min(REGISTERED_AT_A_TIME, count - agents.length)
        agents.push(...(await Promise.all(Array.from({ length: group }, () => registerAgent(labels)))))
      }
      return agents
    },
    async createTask(task) {
      const body = { title: 'Fix the build', prompt: 'The build is broken. Fix it.', ...task }
      return (await client.call(ROUTES.createTask, { body })).body.id
    },
    async residentMebibytes() {
      const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8').catch(() => '')
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
