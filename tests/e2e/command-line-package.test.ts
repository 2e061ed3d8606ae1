import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

interface Manifest {
  readonly name: string
  readonly bin: { readonly switchyard: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

/** Where this clone has the very version; a room has one of its own when another one is at the root. Throws when nothing here is tested with it. */
async function installed(name: string, version: string): Promise<string> {
  for (const room of [
    '.',
    'packages/cli',
    'packages/platform',
    'packages/store',
    'services/api',
    'services/dispatcher',
  ]) {
    const place = join(ROOT, room, 'node_modules', name)
    const text = await readFile(join(place, 'package.json'), 'utf8').catch(() => '{}')
    if ((JSON.parse(text) as { version?: string }).version === version) return place
  }
  throw new Error(`the package asks for ${name} ${version}, which is not installed here`)
}

/** npm's own installation needs the registry; links to the same versions of what the package asks for, and to nothing else, do not. */
describe('the packed command line, in an empty folder', () => {
  let directory: string
  let program: string
  let manifest: Manifest
  let up: ChildProcess | undefined

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-packed-'))
    await run(process.execPath, ['scripts/pack.mjs', '--destination', directory, 'cli'], { cwd: ROOT })
    const modules = join(directory, 'node_modules')
    const place = join(modules, '@switchyard/cli')
    await mkdir(place, { recursive: true })
    await run('tar', ['xzf', 'switchyard-cli-0.1.0.tgz', '--strip-components=1', '-C', place], {
      cwd: directory,
    })
    manifest = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as Manifest
    const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies }
    for (const [name, version] of Object.entries(wanted)) {
      await mkdir(dirname(join(modules, name)), { recursive: true })
      await symlink(await installed(name, version), join(modules, name))
    }
    program = join(place, manifest.bin.switchyard)
  })
  afterAll(async () => {
    if (up?.exitCode === null) {
      up.kill('SIGKILL')
      await once(up, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  })

  const switchyard = async (...args: string[]) =>
    (
      await run(process.execPath, [program, ...args], {
        cwd: directory,
        env: { PATH: process.env['PATH'] ?? '', HOME: directory },
      })
    ).stdout

  it('explains itself, runs everything, does a task, serves MCP, and stops', async () => {
    expect(await switchyard('--version')).toBe('0.1.0\n')
    expect(await switchyard('--help')).toContain('Exit codes:')
    up = spawn(process.execPath, [program, 'up', '--port', '0'], {
      cwd: directory,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(up, 'exit')
    let output = ''
    up.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    await until('everything is up', () => {
      if (up?.exitCode !== null) throw new Error(output)
      return output.includes('is running')
    })
    const id = (
      await switchyard('tasks', 'create', 'Greet', '--prompt', 'echo hello', '--requires', 'packed')
    ).trim()
    const agent = spawn(
      process.execPath,
      [program, 'agent', 'run', '--id', 'packed', '--labels', 'packed', '--', 'sh'],
      {
        cwd: directory,
        env: { PATH: process.env['PATH'] ?? '', HOME: directory },
        stdio: 'ignore',
      },
    )
    const drained = once(agent, 'exit')
    expect(await switchyard('tasks', 'logs', '--follow', id)).toBe('hello\n')
    agent.kill('SIGTERM')
    expect(await drained).toEqual([0, null])
    expect(await switchyard('tasks', 'list')).toMatch(new RegExp(`${id}  succeeded`))
    const client = new Client({ name: 'tests', version: '1.0.0' })
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [program, 'mcp'],
        cwd: directory,
        env: { HOME: directory },
        stderr: 'ignore',
      }),
    )
    expect(client.getServerVersion()).toEqual({ name: 'switchyard', version: '0.1.0' })
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('create_task')
    const read = await client.callTool({ name: 'get_task', arguments: { task_id: id } })
    expect(read.structuredContent).toMatchObject({ task: { id, status: 'succeeded' } })
    await client.close()
    up.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
