import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createPool, type Pool } from '@switchyard/store'
import { databaseUrl } from './database-url.ts'

/** Cloning takes turns: PostgreSQL refuses to copy a template that somebody else uses. The number means nothing else. */
const CLONE_LOCK = 7_246_133

/** A migrated database of its own for one test file. */
export interface TestDatabase {
  readonly connectionString: string
  readonly pool: Pool
  /** Closes the pool and removes the database, whoever else is connected. */
  readonly drop: () => Promise<void>
}

/** Clones the run's template: a few tens of milliseconds. Call it in `beforeAll`, and `drop` in `afterAll`. */
export async function createTestDatabase({
  maxConnections = 10,
}: { maxConnections?: number } = {}): Promise<TestDatabase> {
  const adminUrl = fromSetup('SWITCHYARD_TEST_ADMIN_URL')
  const template = fromSetup('SWITCHYARD_TEST_TEMPLATE')
  const name = `${template}_${randomBytes(5).toString('hex')}`
  await asAdmin(adminUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [CLONE_LOCK])
    await client.query(`create database ${name} template ${template}`)
  })
  const connectionString = databaseUrl(adminUrl, name)
  const pool = createPool({ connectionString, applicationName: 'switchyard-test', maxConnections })
  return {
    connectionString,
    pool,
    drop: async () => {
      await pool.end()
      await asAdmin(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function fromSetup(name: string): string {
  const value = process.env[name]
  if (value === undefined)
    throw new Error(`${name} is not set: run this test through npm test, in a project with a database`)
  return value
}
