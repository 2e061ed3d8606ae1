import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listDispatchers } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const MAIN = fileURLToPath(new URL('../../../services/dispatcher/src/main.ts', import.meta.url))

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
}

function startProcess(env: Record<string, string>): Started {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@switchyard/source', '--no-warnings', MAIN],
    { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, output: () => output, ended }
}

describe('the dispatcher’s process', () => {
  let database: TestDatabase
  beforeAll(async () => void (database = await createTestDatabase()))
  afterAll(() => database.drop())

  it('works until SIGTERM, and then ends in good order', async () => {
    const { child, output, ended } = startProcess({
      DATABASE_URL: database.connectionString,
      SWITCHYARD_HEALTH_PORT: '0',
    })
    await until('it is listed', async () => (await listDispatchers(database.pool)).length === 1)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(await listDispatchers(database.pool)).toEqual([])
    expect(output()).not.toContain(database.connectionString)
  })

  it('names all mistakes of its configuration, without a stack', async () => {
    const { output, ended } = startProcess({ SWITCHYARD_LEASE_SECONDS: 'long' })
    expect(await ended).toBe(1)
    expect(output()).toMatch(/DATABASE_URL: required/)
    expect(output()).toMatch(/SWITCHYARD_LEASE_SECONDS: expected a number greater than 0, got "long"/)
    expect(output()).not.toMatch(/^ {4}at /m)
  })

  it('asks for the migration when the schema is older than it needs', async () => {
    await database.pool.query(`delete from schema_migrations`)
    const { output, ended } = startProcess({
      DATABASE_URL: database.connectionString,
      SWITCHYARD_HEALTH_PORT: '0',
    })
    expect(await ended).toBe(1)
    expect(output()).toMatch(/is older than this version of Switchyard/)
    expect(output()).not.toMatch(/\\n {4}at /)
  })

  it('waits for a database that is away, and can be stopped meanwhile', async () => {
    const { child, output, ended } = startProcess({
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      SWITCHYARD_HEALTH_PORT: '0',
    })
    await until('it says so', () => output().includes('database away'))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
