import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@switchyard/launcher'
import { createPool, migrate, type Pool } from '@switchyard/store'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import type { ReadyService } from '../../demo/service.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, type Stack } from '../support/stack.ts'

/** What the benchmark measures on: real servers, all of this machine. */
export interface World {
  readonly stack: Stack
  readonly dispatcher: ReadyService
  /** For reading exact instants; not the services' own. */
  readonly pool: Pool
  readonly servers: readonly LocalSshServer[]
  /** The first of them. */
  readonly server: LocalSshServer
  readonly directory: string
  stop(): Promise<void>
}

export interface WorldOptions {
  readonly servers: number
  /** Of the dispatcher. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * PostgreSQL with its own settings (fsync and synchronous_commit on, unlike in the tests), one API, one dispatcher, and OpenSSH servers
 * with the default limits.
 */
export async function startWorld({ servers: count, environment = {} }: WorldOptions): Promise<World> {
  const stops: (() => Promise<unknown>)[] = []
  async function stop(): Promise<void> {
    for (const each of stops.toReversed()) await each()
  }
  try {
    const directory = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
    stops.push(() => rm(directory, { recursive: true, force: true }))
    const postgres = await startEmbeddedPostgres({
      dataDirectory: join(directory, 'postgres'),
      log: () => undefined,
    })
    stops.push(() => postgres.stop())
    const databaseUrl = postgres.connectionString()
    await migrate({ connectionString: databaseUrl })
    const pool = createPool({ connectionString: databaseUrl, applicationName: 'switchyard-bench' })
    stops.push(() => pool.end())
    const server = await startServer()
    const servers = [server]
    while (servers.length < count) servers.push(await startServer())
    await mkdir(join(directory, 'runs'))
    const stack = await startStack({ databaseUrl })
    stops.push(() => stack.stop())
    const dispatcher = await stack.startDispatcher(environment)
    return { stack, dispatcher, pool, servers, server, directory, stop }
  } catch (error) {
    await stop()
    throw error
  }

  async function startServer(): Promise<LocalSshServer> {
    const server = await startSshd()
    stops.push(() => server.stop())
    return server
  }
}

/** Where runs live, apart from whatever else this machine runs. */
export function runsFolder(world: Pick<World, 'directory'>): Readonly<Record<string, string>> {
  return { SWITCHYARD_RUNS_DIR: join(world.directory, 'runs') }
}
