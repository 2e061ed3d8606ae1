import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isDatabaseUnavailable } from './database-errors.ts'
import { migrate, NewerSchemaError } from './migrate.ts'

/** How long to wait for a server that was started together with this process. */
const WAIT_SECONDS = 60
const RETRY_MILLISECONDS = 1_000

/** The migration as a process of its own: brings the database up to date, says what it applied, ends with 0 or 1. */
async function main(): Promise<void> {
  const connectionString = readConnectionString()
  const applied = await migrateWhenReachable(connectionString)
  if (applied.length === 0) say('Nothing to migrate: the schema is up to date.')
  else say(`Migrated: ${applied.join(', ')}.`)
}

async function migrateWhenReachable(connectionString: string): Promise<string[]> {
  const giveUpAt = performance.now() + WAIT_SECONDS * 1_000
  let lastReason = ''
  for (;;) {
    try {
      return await migrate({ connectionString, log: say })
    } catch (error) {
      if (!isDatabaseUnavailable(error) || performance.now() > giveUpAt) throw error
      const reason = messageOf(error)
      if (reason !== lastReason) say(`PostgreSQL cannot be used yet: ${reason}. Trying again.`)
      lastReason = reason
      await delay(RETRY_MILLISECONDS)
    }
  }
}

/** DATABASE_URL, or what the file DATABASE_URL_FILE contains: the services' convention. Throws MissingDatabaseError. */
function readConnectionString(): string {
  const direct = process.env['DATABASE_URL'] ?? ''
  const file = process.env['DATABASE_URL_FILE'] ?? ''
  if (direct !== '' && file !== '')
    throw new MissingDatabaseError('Set either DATABASE_URL or DATABASE_URL_FILE, not both.')
  const url = file === '' ? direct : readUrlFile(file)
  if (url === '')
    throw new MissingDatabaseError(
      'Set DATABASE_URL, such as postgres://switchyard@localhost:5432/switchyard, or DATABASE_URL_FILE to a file with it.',
    )
  return url
}

function readUrlFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new MissingDatabaseError(`DATABASE_URL_FILE cannot be read: ${messageOf(error)}`)
  }
}

/** What the command line and most others end with when they are called wrongly. */
const NOT_CONFIGURED = 2

/** Nobody said which database. */
class MissingDatabaseError extends Error {}

/** A refused connection to a name with several addresses says what was wrong only in its parts. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function complain(error: unknown): void {
  const isForOperators =
    error instanceof MissingDatabaseError || error instanceof NewerSchemaError || isDatabaseUnavailable(error)
  const details = error instanceof Error && !isForOperators ? `\n${error.stack ?? ''}` : ''
  process.stderr.write(`The database was not migrated. ${messageOf(error)}${details}\n`)
  process.exitCode = error instanceof MissingDatabaseError ? NOT_CONFIGURED : 1
}

main().catch(complain)
