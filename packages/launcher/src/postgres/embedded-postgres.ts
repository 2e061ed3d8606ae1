import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemClock } from '@switchyard/platform'
import { acquireLock } from '../directory-lock.ts'
import { findFreePort, isPortFree } from '../free-port.ts'
import { keptValue } from '../kept-value.ts'
import { newSecret } from '../secrets.ts'
import { chooseAccount, giveTo, type Account } from './account.ts'
import { preparePostgresBinaries } from './binaries.ts'
import { DATABASE, initialiseCluster, SETTINGS_FILE, SUPERUSER } from './initialise.ts'
import { stopLeftover } from './leftover.ts'
import { ServerStartError, startServer, type ServerProcess } from './server-process.ts'

const HOST = '127.0.0.1'
const START_ATTEMPTS = 5
const NEXT_ATTEMPT_MILLISECONDS = 250

/** Settings for clusters that are thrown away: nothing is worth waiting for a disk. */
export const THROWAWAY_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
} as const

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its password, its port and its log. Made when missing. */
  readonly dataDirectory: string
  readonly log: (message: string) => void
  /** PostgreSQL settings beyond our own, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  /** A superuser's connection string for a database, the one called `switchyard` unless told otherwise. */
  readonly connectionString: (database?: string) => string
  /** Resolves when the server has ended, to a sentence about how; before `stop` that is an accident. */
  readonly exited: Promise<string>
  readonly stop: () => Promise<void>
  /** Ends the server at once, synchronously and without waiting. For forced exits only. */
  readonly abandon: () => void
}

/**
 * Starts a private PostgreSQL that listens on 127.0.0.1 only, as root too. The first start makes the cluster; later ones find the same data,
 * after `kill -9` as well. Throws LockedError while another process uses the directory, ServerStartError with PostgreSQL's own
 * words when it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.dataDirectory)
  // PostgreSQL's account must pass through; the files inside have their own modes.
  await mkdir(directory, { recursive: true, mode: 0o711 })
  const release = await acquireLock(join(directory, 'lock'))
  try {
    const { server, port, password } = await start(directory, options)
    return {
      connectionString: (database = DATABASE) =>
        `postgres://${SUPERUSER}:${password}@${HOST}:${port}/${encodeURIComponent(database)}`,
      exited: server.exited,
      stop: async () => {
        await server.stop()
        await release()
      },
      abandon: server.abandon,
    }
  } catch (error) {
    await release()
    throw error
  }
}

async function start(
  directory: string,
  { log, settings = {} }: EmbeddedPostgresOptions,
): Promise<{ server: ServerProcess; port: number; password: string }> {
  const clusterDirectory = join(directory, 'cluster')
  const binaries = await preparePostgresBinaries()
  const account = await chooseAccount(clusterDirectory, [binaries.postgres, directory])
  const password = await keptValue(join(directory, 'password'), newSecret)
  await initialiseCluster(binaries, account, {
    clusterDirectory,
    password,
    durable: settings['fsync'] !== 'off',
  })
  await stopLeftover(clusterDirectory, log)
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(directory)
    await writeSettings(clusterDirectory, account, { ...settings, port: String(port) })
    try {
      const files = { clusterDirectory, logFile: join(directory, 'server.log') }
      return { server: await startServer(binaries.postgres, account, files), port, password }
    } catch (error) {
      if (attempt === START_ATTEMPTS || !mayPass(error)) throw error
      await systemClock.sleep(NEXT_ATTEMPT_MILLISECONDS)
    }
  }
}

/** Two reasons go away: the port was taken after we looked, or processes of a killed server are still ending. */
function mayPass(error: unknown): boolean {
  return error instanceof ServerStartError && /could not bind|shared memory block/.test(error.serverLog)
}

/** The port of the last start while it is free, so that connection strings stay true; else another. */
async function choosePort(directory: string): Promise<number> {
  const file = join(directory, 'port')
  const kept = Number(await keptValue(file, () => '0'))
  if (kept !== 0 && (await isPortFree(HOST, kept))) return kept
  const port = await findFreePort(HOST)
  await writeFile(file, `${port}\n`)
  return port
}

async function writeSettings(
  clusterDirectory: string,
  account: Account,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const all = {
    listen_addresses: HOST,
    // A socket's path may be 107 bytes long, which a data directory easily exceeds.
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
  const path = join(clusterDirectory, SETTINGS_FILE)
  await rm(path, { force: true })
  await writeFile(path, `# Written at every start.\n${lines.join('')}`, { mode: 0o600 })
  await giveTo(account, path)
}
