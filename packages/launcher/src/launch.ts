import { appendFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  createLifecycle,
  createLog,
  loadConfig,
  type Environment,
  type Lifecycle,
} from '@switchyard/platform'
import { renderBanner } from './banner.ts'
import { LauncherConfig } from './config.ts'
import { openDatabase } from './database.ts'
import { acquireLock, LockedError } from './directory-lock.ts'
import { chooseApiPort } from './api-port.ts'
import { waitUntilReady } from './readiness.ts'
import { loadSecrets } from './secrets.ts'
import { serviceEnvironments } from './service-environment.ts'
import { startServices } from './services.ts'

const GRACE_MILLISECONDS = 70_000
const READY_MILLISECONDS = 60_000

export interface LaunchOptions {
  readonly env: Environment
  /** The services' JavaScript entry files. */
  readonly entries: { readonly api: string; readonly dispatcher: string }
  readonly print: (text: string) => void
}

/**
 * Runs the whole system until a signal ends it or a part of it dies: database, migration, API, dispatcher. Resolves to the exit code
 * when everything has stopped, services first, PostgreSQL last.
 */
export async function launch(options: LaunchOptions): Promise<number> {
  const { config } = loadConfig(LauncherConfig, options.env)
  const dataDirectory = resolve(config.SWITCHYARD_DATA_DIR)
  const logs = join(dataDirectory, 'logs')
  // PostgreSQL's own account must be able to pass through; secrets and logs have modes of their own.
  await mkdir(dataDirectory, { recursive: true, mode: 0o711 })
  await mkdir(logs, { recursive: true, mode: 0o700 })
  const release = await acquireLock(join(dataDirectory, 'lock')).catch((error: unknown) => {
    if (!(error instanceof LockedError)) throw error
    throw new Error(`Switchyard is already running in ${dataDirectory} (process ${error.pid}).`)
  })

  const logFile = join(logs, 'launcher.log')
  const lifecycle = createLifecycle({
    log: createLog(
      { level: 'info', service: 'launcher' },
      { write: (line) => appendFileSync(logFile, line) },
    ),
    graceMilliseconds: GRACE_MILLISECONDS,
  })
  lifecycle.onShutdown('lock', release)
  lifecycle.signal.addEventListener('abort', () => options.print('\nStopping.\n'), { once: true })
  try {
    await start(options, config, dataDirectory, lifecycle)
  } catch (error) {
    if (!lifecycle.signal.aborted) {
      options.print(`${error instanceof Error ? error.message : String(error)}\n`)
      lifecycle.stop('the start failed', 1)
    }
  }
  return lifecycle.finished
}

async function start(
  { env, entries, print }: LaunchOptions,
  config: ReturnType<typeof loadConfig<typeof LauncherConfig>>['config'],
  dataDirectory: string,
  lifecycle: Lifecycle,
): Promise<void> {
  const secrets = await loadSecrets(dataDirectory, {
    adminToken: config.SWITCHYARD_ADMIN_TOKEN,
    webhookSecret: config.SWITCHYARD_WEBHOOK_SECRET,
  })
  const port = await chooseApiPort(config.HOST, config.PORT, print)
  const database = await openDatabase({ databaseUrl: config.DATABASE_URL, dataDirectory, lifecycle, print })
  lifecycle.signal.throwIfAborted()

  const environments = serviceEnvironments(env, {
    databaseUrl: database.connectionString,
    dataDirectory,
    host: config.HOST,
    port,
    healthPort: config.SWITCHYARD_HEALTH_PORT,
    secrets,
  })
  startServices(
    [
      { name: 'api', entry: entries.api, env: environments.api },
      { name: 'dispatcher', entry: entries.dispatcher, env: environments.dispatcher },
    ],
    { logs: join(dataDirectory, 'logs'), showAll: config.LOG_LEVEL !== undefined, lifecycle, print },
  )
  const url = `http://${reachableHost(config.HOST)}:${port}`
  await waitUntilReady(`${url}/readyz`, READY_MILLISECONDS, lifecycle.signal)
  lifecycle.signal.throwIfAborted()
  await announce(join(dataDirectory, 'url'), url, lifecycle)
  print(renderBanner({ url, dataDirectory, database: database.description, ...secrets }))
}

/** The command line finds us by this file, and our token beside it. It goes before the services do. */
async function announce(path: string, url: string, lifecycle: Lifecycle): Promise<void> {
  lifecycle.onShutdown('address', () => rm(path, { force: true }))
  await writeFile(path, `${url}\n`, { mode: 0o600 })
}

/** Who listens everywhere is reached on this machine; an IPv6 address needs brackets in a URL. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
