import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'

const SCRIPT = join(import.meta.dirname, '..', 'support', 'launcher.process.ts')
const READY = 'Create a task'

interface Running {
  readonly process: ChildProcess
  /** Everything that it prints until it ends. */
  readonly output: Promise<string>
  readonly exitCode: Promise<number | null>
  /** The API's address, once it is up. */
  readonly url: string
}

describe('launch', () => {
  let dataDirectory: string
  const started: ChildProcess[] = []

  beforeEach(async () => void (dataDirectory = await mkdtemp(join(tmpdir(), 'switchyard-launcher-'))))
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await exited
    }
    await rm(dataDirectory, { recursive: true, force: true })
  })

  function spawnLauncher(): ChildProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@switchyard/source', SCRIPT], {
      env: { PATH: process.env['PATH'], SWITCHYARD_DATA_DIR: dataDirectory, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    started.push(child)
    return child
  }

  /** Starts the launcher and waits for its banner. */
  async function start(): Promise<Running> {
    const child = spawnLauncher()
    const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const { stdout } = child
    if (stdout === null) throw new Error('the launcher has no output')
    const output = text(stdout)
    const printed = await new Promise<string>((resolve, reject) => {
      let soFar = ''
      stdout.on('data', (chunk: Buffer) => {
        soFar += chunk.toString()
        if (soFar.includes(READY)) resolve(soFar)
      })
      void exitCode.then(() => reject(new Error(`the launcher ended early: ${soFar}`)))
    })
    return { process: child, output, exitCode, url: /API +(http\S+)/.exec(printed)?.[1] ?? '' }
  }

  async function askApi(running: Running): Promise<{ pid: number; database: string }> {
    return (await (await fetch(running.url)).json()) as { pid: number; database: string }
  }

  async function postmaster(): Promise<number> {
    return parseInt(await readFile(join(dataDirectory, 'postgres', 'cluster', 'postmaster.pid'), 'utf8'), 10)
  }

  async function query(url: string, statement: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows
    } finally {
      await client.end()
    }
  }

  it('stops everything on SIGINT with exit code 0, and finds the same data and secrets again', async () => {
    const first = await start()
    const api = await askApi(first)
    const server = await postmaster()
    await query(api.database, 'create table kept (n int)')
    first.process.kill('SIGINT')
    expect(await first.exitCode).toBe(0)
    expect([isAlive(api.pid), isAlive(server)]).toEqual([false, false])

    const second = await start()
    expect(await query((await askApi(second)).database, 'select * from kept')).toEqual([])
    expect(await readFile(join(dataDirectory, 'url'), 'utf8')).toBe(`${second.url}\n`)
    second.process.kill('SIGTERM')
    expect(await second.exitCode).toBe(0)
    await expect(readFile(join(dataDirectory, 'url'))).rejects.toThrow('ENOENT')
    const token = /Admin token +(\S+)/
    expect(token.exec(await second.output)?.[1]).toBe(token.exec(await first.output)?.[1])
  })

  it('refuses a second start on the same data', async () => {
    const first = await start()
    const second = spawnLauncher()
    const exited = new Promise((resolve) => second.once('exit', resolve))
    expect(second.stdout === null ? '' : await text(second.stdout)).toContain(
      `already running in ${dataDirectory}`,
    )
    expect(await exited).toBe(1)
    expect((await fetch(first.url)).status).toBe(200)
  })

  it('ends with the service that dies, and shows its last lines', async () => {
    const running = await start()
    await fetch(`${running.url}/crash`).catch(() => undefined)
    expect(await running.exitCode).toBe(1)
    const output = await running.output
    expect(output).toContain('The api has ended (exit code 1)')
    expect(output).toContain('the stub was asked to crash')
  })

  it('leaves no service behind when it is killed, and starts again on the same data', async () => {
    const first = await start()
    const api = await askApi(first)
    await query(api.database, 'create table kept (n int)')
    first.process.kill('SIGKILL')
    await first.exitCode
    await until('the API has ended', () => !isAlive(api.pid))

    const second = await start()
    expect(await query((await askApi(second)).database, 'select * from kept')).toEqual([])
  })
})
