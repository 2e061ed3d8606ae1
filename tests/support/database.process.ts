import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { migrate } from '@switchyard/store'
import { databaseUrl } from './database-url.ts'
import { startDatabaseServer } from './database-server.ts'

/** What this process tells the one that started it. */
export type DatabaseServerMessage =
  { readonly adminUrl: string; readonly template: string } | { readonly problem: string }

/** Every database of this run begins like this, so that the end of the run can remove them all. */
const template = `switchyard_test_${randomBytes(5).toString('hex')}`

async function main(): Promise<void> {
  // The parent's end, however it comes, closes the channel. Listening begins first, so that none is missed.
  const parentGone = once(process, 'disconnect')
  const server = await startDatabaseServer()
  try {
    await query(server.adminUrl, `create database ${template}`)
    await migrate({ connectionString: databaseUrl(server.adminUrl, template) })
    send({ adminUrl: server.adminUrl, template })
    await parentGone
  } finally {
    if (!server.throwaway) await dropDatabases(server.adminUrl)
    await server.stop()
  }
}

async function dropDatabases(adminUrl: string): Promise<void> {
  const { rows } = await query<{ datname: string }>(
    adminUrl,
    `select datname from pg_database where datname like '${template}%'`,
  )
  for (const { datname } of rows) await query(adminUrl, `drop database if exists "${datname}" with (force)`)
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query<Row>(text)
  } finally {
    await client.end()
  }
}

function send(message: DatabaseServerMessage): void {
  if (process.connected) process.send?.(message)
}

main().catch((error: unknown) => {
  process.exitCode = 1
  send({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  if (process.connected) process.disconnect()
})
