import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  assertSchemaIsKnown,
  createPool,
  inTransaction,
  migrate,
  NewerSchemaError,
  OlderSchemaError,
} from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function empty(pool: Pool): Promise<void> {
  await inTransaction(pool, (connection) =>
    connection.query('drop schema public cascade; create schema public'),
  )
}

const MIGRATIONS = [
  '0001_queue',
  '0002_runs-outlive-dispatchers',
  '0003_host-checks',
  '0004_lanes-and-turns',
  '0005_unused-lanes',
  '0006_logs-as-they-are',
  '0007_turns-of-many-tasks',
  '0008_quicker-compression',
  '0009_reserved-tasks',
  '0010_last-turns',
  '0011_silent-dispatchers',
  '0012_unfinished-tasks',
]

describe('the schema', () => {
  it('has long texts compressed by lz4 where the server can', async () => {
    const { rows } = await database.pool.query<{ has_lz4: boolean; used: string[] }>(
      `select 'lz4' = any(enumvals) as has_lz4,
              array(select attcompression::text from pg_attribute
                     where (attrelid, attname) in (('deliveries'::regclass, 'body'), ('tasks'::regclass, 'prompt'))) as used
         from pg_settings where name = 'default_toast_compression'`,
    )
    const { has_lz4: hasLz4, used } = rows[0]!
    expect(used).toEqual(hasLz4 ? ['l', 'l'] : ['', ''])
  })
})

describe('migrating', () => {
  it('is safe when several replicas start at once', async () => {
    await empty(database.pool)
    await expect(assertSchemaIsKnown(database.pool)).rejects.toThrow(OlderSchemaError)
    const told: string[] = []
    const options = {
      connectionString: database.connectionString,
      log: (message: string) => told.push(message),
    }
    const applied = await Promise.all([migrate(options), migrate(options), migrate(options)])
    expect(applied.flat()).toEqual(MIGRATIONS)
    expect(told).toEqual(MIGRATIONS.map((name) => `migration ${name} applied`))
    await assertSchemaIsKnown(database.pool)
    expect(await migrate(options)).toEqual([])
  })

  it('refuses a schema that is newer, and so does a service', async () => {
    await database.pool.query(`insert into schema_migrations (name, run_on) values ('9999_future', now())`)
    await expect(assertSchemaIsKnown(database.pool)).rejects.toThrow(NewerSchemaError)
    await expect(migrate({ connectionString: database.connectionString })).rejects.toThrow(
      /newer.*9999_future/,
    )
    await database.pool.query(`delete from schema_migrations where name = '9999_future'`)
  })

  it('says what is missing from a schema that is older', async () => {
    const pool = createPool({ connectionString: database.connectionString, applicationName: 'older' })
    await pool.query('delete from schema_migrations')
    await expect(assertSchemaIsKnown(pool)).rejects.toThrow(`${MIGRATIONS.join(', ')} is missing`)
    await pool.end()
  })
})
