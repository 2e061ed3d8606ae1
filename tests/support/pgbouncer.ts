import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

const PROGRAM = '/usr/sbin/pgbouncer'
/** Fewer than the processes behind it hold connections, so that these have to share backends. */
const BACKENDS = 3

export interface PgBouncer {
  /** The same database through the pooler. */
  readonly connectionString: string
  stop(): Promise<void>
}

/** A real PgBouncer in transaction mode before the database. Throws where there is none (Debian package pgbouncer). */
export async function startPgBouncer(connectionString: string): Promise<PgBouncer> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: install the package pgbouncer`)
  const database = new URL(connectionString)
  const name = database.pathname.slice(1)
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-pgbouncer-'))
  const config = join(directory, 'pgbouncer.ini')
  const password = database.password === '' ? '' : ` password='${decodeURIComponent(database.password)}'`
  await writeFile(
    config,
    `[databases]
${name} = host=${database.hostname} port=${database.port} dbname=${name} user=${decodeURIComponent(database.username)}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${BACKENDS}
`,
  )
  // It does not run as root, and whoever it becomes must be able to read its configuration.
  await chmod(directory, 0o755)
  await chmod(config, 0o644)
  const asNobody = process.getuid?.() === 0
  const child = asNobody
    ? spawn('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', PROGRAM, config], {
        stdio: 'pipe',
      })
    : spawn(PROGRAM, [config], { stdio: 'pipe' })
  let log = ''
  child.stderr.on('data', (text: Buffer) => (log += text.toString()))
  const url = new URL(connectionString)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  const exited = once(child, 'exit')
  try {
    await until(`PgBouncer answers; it says: ${log}`, () => {
      if (child.exitCode !== null) throw new Error(`PgBouncer ended: ${log}`)
      return answers(url.href)
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    connectionString: url.href,
    async stop() {
      child.kill('SIGINT')
      await exited
      await rm(directory, { recursive: true })
    },
  }
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString })
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
