import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { createLog, createMetrics, systemClock } from '@switchyard/platform'
import type { Clock, Log } from '@switchyard/platform'
import {
  assertSchemaIsKnown,
  createPool,
  readQueue,
  createWaker,
  isDatabaseUnavailable,
  listenForWakeUps,
} from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import { createAgentDirectory } from './agent-directory.ts'
import { createApp } from './app.ts'
import type { ApiConfig } from './config.ts'
import { createApiEvents } from './events.ts'
import { trackConnections } from './http/connections.ts'
import type { Connections } from './http/connections.ts'
import { createHttpServer } from './http/server.ts'
import { createIntake } from './intake.ts'
import { openClaimDesk } from './open-claim-desk.ts'
import { createQueueCounter } from './queue-counter.ts'
import { loadRules } from './rules/load-rules.ts'
import { API_VERSION } from './version.ts'
import { createWakeUps } from './wake-ups.ts'
import type { WakeUps } from './wake-ups.ts'

/** A dial may take 15 s; a dispatcher that has not answered by then is not there. */
const HOST_CHECK_MILLISECONDS = 20_000

/** Connections that wait to be accepted: thousands of agents may come back at the same moment. */
const LONGEST_BACKLOG = 4_096

export interface ApiOverrides {
  readonly log?: Log
  readonly clock?: Clock
  /** Check every answer against the contract. */
  readonly validateAnswers?: boolean
  /** The bell that waiting requests hear, to see who waits. */
  readonly wakeUps?: WakeUps
  /** How long a host check waits for a dispatcher. */
  readonly hostCheckMilliseconds?: number
}

export interface RunningApi {
  readonly port: number
  readonly url: string
  /** Dequeues that wait for a task. */
  waitingDequeues(): number
  /** Lets running requests finish, ends long polls and streams, closes the connections to PostgreSQL. */
  stop(): Promise<void>
}

/** The rules file cannot be used; the message lists everything that is wrong with it. */
export class InvalidRulesError extends Error {}

/**
 * Starts the API. Throws InvalidRulesError, NewerSchemaError or OlderSchemaError, or what listening throws. PostgreSQL may
 * still be away: then `/readyz` says so until it is there.
 */
export async function startApi(config: ApiConfig, overrides: ApiOverrides = {}): Promise<RunningApi> {
  const log = overrides.log ?? createLog({ level: config.LOG_LEVEL, service: 'api' })
  const loaded = await loadRules({
    file: config.SWITCHYARD_RULES_FILE ?? null,
    botUser: config.SWITCHYARD_BOT_USER ?? null,
  })
  if (!loaded.ok) throw new InvalidRulesError(loaded.message)

  const stopping = new AbortController()
  const metrics = createMetrics()
  const pool = createPool({
    connectionString: config.DATABASE_URL,
    applicationName: 'switchyard-api',
    maxConnections: config.SWITCHYARD_DATABASE_CONNECTIONS,
    transactionPooling: config.SWITCHYARD_LISTEN === 'off',
    onIdleError: (error) => log.warn({ error }, 'a database connection was lost'),
  })
  try {
    await refuseUnknownSchema(pool, log)
  } catch (error) {
    await pool.end()
    throw error
  }
  const wakeUps = overrides.wakeUps ?? createWakeUps()
  const clock = overrides.clock ?? systemClock
  const agents = createAgentDirectory(pool)
  const desk = openClaimDesk(pool, agents, config, clock)
  const origin = randomUUID()
  const notifier = createWaker(pool, origin)
  const hear = (): void => {
    wakeUps.ring()
    desk.ring()
  }
  const listener =
    config.SWITCHYARD_LISTEN === 'on' ? listenForWakeUps(config.DATABASE_URL, hear, origin) : null
  const queue = createQueueCounter(
    () => readQueue(pool),
    () => performance.now(),
  )
  const app = createApp(
    {
      config,
      version: API_VERSION,
      pool,
      agents,
      desk,
      intake: createIntake(pool, clock),
      log,
      metrics,
      events: createApiEvents(log, metrics, queue, () => desk.waiting()),
      clock,
      queue,
      rules: loaded.rules,
      // Those who wait in this process hear it directly.
      waker: {
        wake() {
          hear()
          notifier.wake()
        },
      },
      wakeUps,
      stopping: stopping.signal,
      hostCheckMilliseconds: overrides.hostCheckMilliseconds ?? HOST_CHECK_MILLISECONDS,
    },
    { validateAnswers: overrides.validateAnswers ?? false },
  )
  const server = createHttpServer(app)
  const connections = trackConnections(server)
  try {
    await listen(server, config.PORT, config.HOST)
  } catch (error) {
    desk.stop()
    await listener?.stop()
    await pool.end()
    throw error
  }
  const { port } = server.address() as AddressInfo
  log.info({ host: config.HOST, port, rules: loaded.rules.map(({ name }) => name) }, 'listening')
  return {
    port,
    waitingDequeues: () => desk.waiting(),
    url: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`,
    async stop() {
      stopping.abort()
      desk.stop()
      await close(server, connections)
      await listener?.stop()
      await pool.end()
    },
  }
}

async function refuseUnknownSchema(pool: Pool, log: Log): Promise<void> {
  try {
    await assertSchemaIsKnown(pool)
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error
    log.warn({ error }, 'the database is away')
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, LONGEST_BACKLOG, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    connections.end()
  })
}
