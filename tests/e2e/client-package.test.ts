import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from '@switchyard/client'
import { startTestApi, TOKENS, type TestApi } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { codeBlocks, readDocument } from '../support/markdown.ts'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc')
const run = promisify(execFile)

const USER_CODE = `
import { createClient, SwitchyardProblem, TaskFailure, type Task, type Worker } from '@switchyard/client'
const client = createClient({ baseUrl: 'http://127.0.0.1', token: 'x' })
export async function tasks(): Promise<readonly Task[]> {
  return (await client.listTasks({ status: 'pending' })).tasks
}
export const worker: Worker = client.work(async (task, { signal }) => {
  if (signal.aborted) throw new TaskFailure('no', { retryable: false })
  return { summary: task.prompt }
}, { agentId: 'ada' })
export const isProblem = (error: unknown): boolean => error instanceof SwitchyardProblem && error.code === 'lease_lost'
// @ts-expect-error: a title is missing.
export const wrong = client.createTask({ prompt: 'x' })
`

describe('the packed client, installed in an empty folder', () => {
  let database: TestDatabase
  let api: TestApi
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-packed-'))
    database = await createTestDatabase()
    api = await startTestApi(database)
    await run(process.execPath, [TYPESCRIPT, '-b', 'packages/client'], { cwd: ROOT })
    const packed = await run(
      'npm',
      ['pack', '--json', '--workspace', '@switchyard/client', '--pack-destination', directory],
      {
        cwd: ROOT,
      },
    )
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
    await writeFile(join(directory, 'package.json'), '{"private": true, "type": "module"}')
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(directory, filename)], {
      cwd: directory,
    })
  })
  afterAll(async () => {
    await api.stop()
    await database.drop()
    await rm(directory, { recursive: true, force: true })
  })

  it('does a task with the ten lines of docs/clients.md', async () => {
    const { text } = await readDocument('docs/clients.md')
    const example = codeBlocks(text).find(({ language }) => language === 'js')?.text ?? ''
    await writeFile(join(directory, 'agent.js'), example)
    const admin = createClient({ baseUrl: api.url, token: TOKENS.admin })
    const { agent, token } = await admin.registerAgent({ id: 'ten-lines', labels: ['packed'] })
    const task = await admin.createTask({ title: 'Greet', prompt: 'hello', requires: ['packed'] })
    const env = { SWITCHYARD_URL: api.url, SWITCHYARD_TOKEN: token, SWITCHYARD_AGENT_ID: agent.id }
    const child = spawn(process.execPath, ['agent.js'], {
      cwd: directory,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = once(child, 'exit')
    const done = await until('the task is done', async () => {
      const present = await admin.getTask({ task_id: task.id })
      return present.status === 'succeeded' ? present : null
    })
    expect(done.result).toEqual({ summary: 'done: hello' })
    expect((await admin.getTaskLogs({ task_id: task.id })).text).toBe('working on Greet\n')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it.each([
    ['a browser', { lib: ['es2022', 'dom'], types: [] }],
    ['Node', { lib: ['es2022'], types: ['node'] }],
  ])('has declarations that compile in %s, with nothing of ours beside them', async (_, options) => {
    await writeFile(join(directory, 'user.ts'), USER_CODE)
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      module: 'nodenext',
      skipLibCheck: false,
      ...options,
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.ts'] }))
    if (options.types.includes('node')) {
      await mkdir(join(directory, 'node_modules/@types'), { recursive: true })
      for (const name of ['@types/node', 'undici-types']) {
        await symlink(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name)).catch(
          () => undefined,
        )
      }
    }
    const { stdout } = await run(process.execPath, [TYPESCRIPT, '-p', '.'], { cwd: directory }).catch(
      (error: unknown) => error as { stdout: string },
    )
    expect(stdout).toBe('')
  })
})
