import { join } from 'node:path'
import { migrate } from '@switchyard/store'
import type { Lifecycle } from '@switchyard/platform'
import { startEmbeddedPostgres } from './postgres/embedded-postgres.ts'

export interface Database {
  readonly connectionString: string
  /** In words, without a password. */
  readonly description: string
}

export interface OpenDatabaseOptions {
  /** Undefined: a private PostgreSQL is started. */
  readonly databaseUrl: string | undefined
  readonly dataDirectory: string
  readonly lifecycle: Lifecycle
  readonly print: (text: string) => void
}

/** Brings up the database, migrated. A private PostgreSQL stops with the lifecycle, and ends it when it dies. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const database =
    options.databaseUrl === undefined ? await startPrivate(options) : given(options.databaseUrl)
  options.lifecycle.signal.throwIfAborted()
  const applied = await migrate({ connectionString: database.connectionString }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The database (${database.description}) cannot be migrated: ${reason}`, { cause: error })
  })
  if (applied.length > 0) options.print(`Migrated the database: ${applied.join(', ')}.\n`)
  return database
}

function given(databaseUrl: string): Database {
  return { connectionString: databaseUrl, description: 'as given in DATABASE_URL' }
}

async function startPrivate({ dataDirectory, lifecycle, print }: OpenDatabaseOptions): Promise<Database> {
  const directory = join(dataDirectory, 'postgres')
  const starting = startEmbeddedPostgres({
    dataDirectory: directory,
    log: (message) => print(`PostgreSQL: ${message}.\n`),
  })
  // Registered before it is up: an end that begins meanwhile must still stop it.
  lifecycle.onShutdown('PostgreSQL', () =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  )
  const server = await starting
  lifecycle.onForcedExit(server.abandon)
  void server.exited.then((how) => {
    if (lifecycle.signal.aborted) return
    print(`PostgreSQL has ended (${how}). Its log is ${join(directory, 'server.log')}.\n`)
    lifecycle.stop('PostgreSQL has ended', 1)
  })
  const url = server.connectionString()
  return { connectionString: url, description: `private PostgreSQL on ${new URL(url).host}, in ${directory}` }
}
