import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import {
  LockedError,
  startEmbeddedPostgres,
  THROWAWAY_SETTINGS,
  type EmbeddedPostgres,
} from '@switchyard/launcher'

describe('startEmbeddedPostgres', () => {
  let directory: string
  let running: EmbeddedPostgres | undefined

  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'switchyard-embedded-'))))
  afterEach(async () => {
    await running?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  async function start(settings: Record<string, string> = THROWAWAY_SETTINGS): Promise<EmbeddedPostgres> {
    return (running = await startEmbeddedPostgres({
      dataDirectory: join(directory, 'pg'),
      log: () => undefined,
      settings,
    }))
  }

  async function query(statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: running?.connectionString() })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows
    } finally {
      await client.end()
    }
  }

  it('is durable, in UTF-8, and reachable on the loopback address only, unless told otherwise', async () => {
    await start({})
    const names = [
      'fsync',
      'synchronous_commit',
      'server_encoding',
      'listen_addresses',
      'unix_socket_directories',
    ]
    const columns = names.map((name) => `current_setting('${name}') as ${name}`).join(', ')
    expect(await query(`select ${columns}`)).toEqual([
      {
        fsync: 'on',
        synchronous_commit: 'on',
        server_encoding: 'UTF8',
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
      },
    ])
  })

  it('refuses whoever does not know the password', async () => {
    const server = await start()
    const url = new URL(server.connectionString())
    url.password = 'guessed'
    const client = new pg.Client({ connectionString: url.href })
    await expect(client.connect()).rejects.toThrow('password authentication failed')
  })

  it('keeps data, password and port from one start to the next, and belongs to one at a time', async () => {
    const first = await start()
    const url = first.connectionString()
    await query('create table kept as select 7 as n')
    await expect(
      startEmbeddedPostgres({ dataDirectory: join(directory, 'pg'), log: () => undefined }),
    ).rejects.toThrow(LockedError)
    await first.stop()
    const second = await start()
    expect(second.connectionString()).toBe(url)
    expect(await query('select n from kept')).toEqual([{ n: 7 }])
  })

  it('recovers when it was ended without warning, even if its process id belongs to somebody else now', async () => {
    const first = await start({ fsync: 'on' })
    await query('create table kept as select 7 as n')
    first.abandon()
    expect(await first.exited).toBe('exit code 0')
    await first.stop()
    const file = join(directory, 'pg', 'cluster', 'postmaster.pid')
    await writeFile(file, `${process.pid}\n/elsewhere\n1\n5432\n\n\n\nready\n`, { mode: 0o600 })
    await start()
    expect(await query('select n from kept')).toEqual([{ n: 7 }])
    expect(parseInt(await readFile(file, 'utf8'), 10)).not.toBe(process.pid)
  })
})
