import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { createLog, createMetrics, systemClock } from '@switchyard/platform'
import type { Clock, Log } from '@switchyard/platform'
import { createPool, createWaker, listenForWakeUps } from '@switchyard/store'
import { createApp } from './app.ts'
import type { ApiConfig } from './config.ts'
import { createApiEvents } from './events.ts'
import { createHttpServer } from './http/server.ts'
import { loadRules } from './rules/load-rules.ts'
import { API_VERSION } from './version.ts'
import { createWakeUps } from './wake-ups.ts'

export interface ApiOverrides {
  readonly log?: Log
  readonly clock?: Clock
  /** Check every answer against the contract. */
  readonly validateAnswers?: boolean
}

export interface RunningApi {
  readonly port: number
  readonly url: string
  /** Lets running requests finish, ends long polls and streams, closes the connections to PostgreSQL. */
  stop(): Promise<void>
}

/** The rules file cannot be used; the message lists everything that is wrong with it. */
export class InvalidRulesError extends Error {}

/** Starts the API. Throws InvalidRulesError, or what listening throws. PostgreSQL may still be away. */
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
    onIdleError: (error) => log.warn({ error }, 'a database connection was lost'),
  })
  const wakeUps = createWakeUps()
  const listener = listenForWakeUps(config.DATABASE_URL, () => wakeUps.ring())
  const app = createApp(
    {
      config,
      version: API_VERSION,
      pool,
      log,
      metrics,
      events: createApiEvents(log, metrics, pool),
      clock: overrides.clock ?? systemClock,
      rules: loaded.rules,
      waker: createWaker(pool),
      wakeUps,
      stopping: stopping.signal,
    },
    { validateAnswers: overrides.validateAnswers ?? false },
  )
  const server = createHttpServer(app)
  try {
    await listen(server, config.PORT, config.HOST)
  } catch (error) {
    await listener.stop()
    await pool.end()
    throw error
  }
  const { port } = server.address() as AddressInfo
  log.info({ host: config.HOST, port, rules: loaded.rules.map(({ name }) => name) }, 'listening')
  return {
    port,
    url: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`,
    async stop() {
      stopping.abort()
      await close(server)
      await listener.stop()
      await pool.end()
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
