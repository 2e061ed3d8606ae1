import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@switchyard/launcher'
import { createPool, migrate } from '@switchyard/store'
import { databaseUrl } from '../../support/database-url.ts'
import type { Cleanup } from './cleanup.ts'
import { withSiblings } from './processor-time.ts'

const TEMPLATE = 'bench_template'

/** All that differs from PostgreSQL's own defaults. fsync, synchronous_commit and full_page_writes are on. */
const SETTINGS = {
  // A quarter of a small machine's memory, as PostgreSQL's documentation advises for a start.
  shared_buffers: '1GB',
  // The default of 1 GB lets a minute of these loads force checkpoints one after the other.
  max_wal_size: '4GB',
  max_connections: '200',
  // Counts statements and their time.
  shared_preload_libraries: 'pg_stat_statements',
}

export interface DatabaseServer {
  /** A place for files of the run. */
  readonly directory: string
  readonly settings: Readonly<Record<string, string>>
  readonly version: string
  /** A migrated database of one's own, or an empty one. Returns its connection string. */
  createDatabase(migrated?: boolean): Promise<string>
  dropDatabase(url: string): Promise<void>
  statementCounters(url: string): Promise<StatementCounters>
  /** Its processes at this moment. */
  processes(): Promise<readonly number[]>
}

/** Of one database, by pg_stat_statements, since it was made. */
export interface StatementCounters {
  readonly statements: number
  readonly milliseconds: number
}

/** The one PostgreSQL that everything is measured on. */
export async function startDatabaseServer(cleanup: Cleanup): Promise<DatabaseServer> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, 'postgres'),
    log: () => undefined,
    settings: SETTINGS,
  })
  cleanup.add(() => server.stop())
  const adminUrl = server.connectionString('postgres')
  const admin = createPool({ connectionString: adminUrl, applicationName: 'bench', maxConnections: 2 })
  cleanup.add(() => admin.end())
  await admin.query('create extension pg_stat_statements')
  await admin.query(`create database ${TEMPLATE}`)
  await migrate({ connectionString: databaseUrl(adminUrl, TEMPLATE) })
  const { rows } = await admin.query<{ version: string }>('select version()')
  return {
    directory,
    settings: SETTINGS,
    version: /^PostgreSQL [\d.]+/.exec(rows[0]?.version ?? '')?.[0] ?? 'unknown',
    async createDatabase(migrated = true) {
      const name = `bench_${randomUUID().replaceAll('-', '')}`
      await admin.query(`create database ${name}${migrated ? ` template ${TEMPLATE}` : ''}`)
      return databaseUrl(adminUrl, name)
    },
    async dropDatabase(url) {
      await admin.query(`drop database if exists ${nameOf(url)} with (force)`)
    },
    async processes() {
      const { rows } = await admin.query<{ pid: number }>('select pg_backend_pid() as pid')
      return withSiblings(rows[0]?.pid ?? NaN)
    },
    async statementCounters(url) {
      const counted = await admin.query<StatementCounters>(
        `select coalesce(sum(calls), 0)::double precision as statements,
                coalesce(sum(total_exec_time), 0)::double precision as milliseconds
           from pg_stat_statements join pg_database d on d.oid = dbid
          where d.datname = $1`,
        [nameOf(url)],
      )
      const [counters] = counted.rows
      if (counters === undefined) throw new Error('pg_stat_statements counts nothing')
      return counters
    },
  }
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}
