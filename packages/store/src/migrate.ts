import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import { createPool } from './pool.ts'
import type { Pool } from './pool.ts'

/** db/migrations, seen from src and from dist alike. */
const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../db/migrations', import.meta.url))
const MIGRATIONS_TABLE = 'schema_migrations'

export interface MigrateOptions {
  readonly connectionString: string
  readonly log?: (message: string) => void
}

/**
 * Brings the schema up to date and returns the names of the migrations applied. Safe when several processes start at
 * once: node-pg-migrate takes an advisory lock and the others wait, then find nothing to do. Throws NewerSchemaError
 * when the database is ahead of this code.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const log = options.log ?? (() => undefined)
  await assertSchemaIsNotNewer(options.connectionString)
  const applied = await runner({
    databaseUrl: options.connectionString,
    dir: MIGRATIONS_DIRECTORY,
    migrationsTable: MIGRATIONS_TABLE,
    direction: 'up',
    advisoryLockMode: 'wait',
    // A database that is ahead has migrations this code lacks; NewerSchemaError says that better.
    checkOrder: false,
    logger: { debug: () => undefined, info: () => undefined, warn: log, error: log },
  })
  for (const { name } of applied) log(`migration ${name} applied`)
  return applied.map(({ name }) => name)
}

/** The database has migrations that this version of the code does not know. */
export class NewerSchemaError extends Error {
  constructor(unknown: readonly string[]) {
    super(
      `The database schema is newer than this version of Switchyard: it has ${unknown.join(', ')}, which is not known here. ` +
        'Start a version at least as new as the one that migrated the database.',
    )
    this.name = 'NewerSchemaError'
  }
}

/** The database lacks migrations that this version of the code needs. */
export class OlderSchemaError extends Error {
  constructor(missing: readonly string[]) {
    super(
      `The database schema is older than this version of Switchyard: ${missing.join(', ')} is missing. Run the migration first.`,
    )
    this.name = 'OlderSchemaError'
  }
}

// Not among STATEMENTS, which fit this version's schema: these are asked of any database, also of one without a schema.
const HAS_MIGRATIONS = /* sql */ `select to_regclass('schema_migrations') is not null as exists`
const APPLIED_MIGRATIONS = /* sql */ `select name from schema_migrations order by id`

/** Throws NewerSchemaError or OlderSchemaError unless the schema is exactly the one this code was written for. */
export async function assertSchemaIsKnown(pool: Pool): Promise<void> {
  const { unknown, missing } = await compareMigrations(pool)
  if (unknown.length > 0) throw new NewerSchemaError(unknown)
  if (missing.length > 0) throw new OlderSchemaError(missing)
}

async function assertSchemaIsNotNewer(connectionString: string): Promise<void> {
  const pool = createPool({ connectionString, applicationName: 'switchyard-migrate', maxConnections: 1 })
  try {
    const { unknown } = await compareMigrations(pool)
    if (unknown.length > 0) throw new NewerSchemaError(unknown)
  } finally {
    await pool.end()
  }
}

async function compareMigrations(pool: Pool): Promise<{ unknown: string[]; missing: string[] }> {
  const known = (await readdir(MIGRATIONS_DIRECTORY))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -4))
    .sort()
  const applied = await appliedMigrations(pool)
  return {
    unknown: applied.filter((name) => !known.includes(name)),
    missing: known.filter((name) => !applied.includes(name)),
  }
}

async function appliedMigrations(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ exists: boolean }>(HAS_MIGRATIONS)
  if (rows[0]?.exists !== true) return []
  const applied = await pool.query<{ name: string }>(APPLIED_MIGRATIONS)
  return applied.rows.map(({ name }) => name)
}
