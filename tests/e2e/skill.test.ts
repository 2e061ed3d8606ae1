import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { postTask, startTestApi, TOKENS } from '../support/api.ts'
import type { TestApi, WireTask } from '../support/api.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { codeBlocks, readDocument } from '../support/markdown.ts'
import { killProcesses } from '../support/processes.ts'
import { runShell } from '../support/run-shell.ts'
import { until } from '../support/until.ts'

/** One agent that has nothing but docs/skill/SKILL.md: each block runs in a shell of its own, as agents run commands. */
let database: TestDatabase
let api: TestApi
let blocks: Map<string, string>
let home: string
let agentId: string
let token: string
let task: WireTask

beforeAll(async () => {
  const skill = await readDocument('docs/skill/SKILL.md')
  blocks = new Map(codeBlocks(skill.text).map(({ heading, text }) => [heading, text]))
  database = await createTestDatabase()
  // Heartbeats every second, so that the loop of the skill can be seen at work.
  api = await startTestApi(database, { config: { SWITCHYARD_LEASE_SECONDS: 3 } })
})
afterAll(async () => {
  await api.stop()
  await database.drop()
})

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-skill-'))
  agentId = `skilled-${randomUUID()}`
  task = await postTask(api, { requires: ['linux'] })
  token = (JSON.parse(await follow('Register')) as { token: string }).token
  await follow('Set up')
})
afterEach(async () => {
  // A test that failed leaves its heartbeats behind.
  const pid = await readFile(file('heartbeat.pid'), 'utf8').catch(() => null)
  if (pid !== null) killProcesses([Number(pid)])
  await api.call('POST', `/api/v1/tasks/${task.id}/cancel`)
  // The last heartbeat may be writing its answer still.
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
})

describe('the skill', () => {
  it('takes an undecided task, keeps its lease and a log, and completes it', async () => {
    expect(task.execution_mode).toBe('undecided')
    expect(await follow('Take a task')).toMatch(/^200\n/)
    expect(await current()).toMatchObject({
      status: 'claimed',
      execution_mode: 'http_pull',
      agent_id: agentId,
    })

    expect(await follow('Start, and keep the lease')).toMatch(/^200\n.*"directive":"continue"/)
    expect(await current()).toMatchObject({ status: 'running', progress: 'reading the code' })
    await until('the heartbeats go on by themselves', () => existsSync(file('heartbeat.json')))
    expect(await follow('Keep a log')).toMatch(/^200\n.*"next_offset":22/)

    expect(await follow('Complete')).toMatch(/^200\n/)
    const ended = await current()
    expect(ended).toMatchObject({ status: 'succeeded', error: null })
    expect(ended.result).toEqual({ summary: 'Added the greeting, with a test.', branch: 'agent/greeting' })
    const log = await api.call('GET', `/api/v1/tasks/${task.id}/logs`)
    expect(log.text).toBe('cloned the repository\n')
    expect(existsSync(file('claim.sh'))).toBe(false)
  })

  it('fails a task for good', async () => {
    await takeAndStart()
    expect(await follow('Fail')).toMatch(/^200\n/)
    expect(await current()).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'tests_failed' } })
  })

  it('gives a task back, which is then undecided again', async () => {
    await takeAndStart()
    expect(await follow('Release')).toMatch(/^200\n/)
    expect(await current()).toMatchObject({ status: 'pending', execution_mode: 'undecided', agent_id: null })
  })

  it('notices that it is to cancel, and confirms it', async () => {
    await takeAndStart()
    await api.call('POST', `/api/v1/tasks/${task.id}/cancel`)
    expect(await until('stop.txt is there', () => stopReason())).toBe('cancel\n')
    await follow('Fail')
    expect(await current()).toMatchObject({ status: 'cancelled' })
  })

  it('notices that the task is no longer its own, and can do it no harm', async () => {
    await takeAndStart()
    const [, lease] = /LEASE=(\S+)/.exec(await readFile(file('claim.sh'), 'utf8')) ?? []
    await api.call('POST', `/api/v1/tasks/${task.id}/complete`, {
      lease_token: lease,
      result: { by: 'another' },
    })
    expect(await until('stop.txt is there', () => stopReason())).toContain('"code":"lease_lost"')
    await expect(follow('Fail')).rejects.toThrow()
    expect(await current()).toMatchObject({ status: 'succeeded', result: { by: 'another' } })
  })

  it('leaves a result when it was started by Switchyard', async () => {
    await follow('If you were started by Switchyard')
    expect(JSON.parse(await readFile(join(home, 'result.json'), 'utf8'))).toEqual({
      summary: 'Added the greeting, with a test.',
      branch: 'agent/greeting',
      commit: '0f3c9d2',
    })
  })
})

async function takeAndStart(): Promise<void> {
  expect(await follow('Take a task')).toMatch(/^200\n/)
  expect(await follow('Start, and keep the lease')).toMatch(/^200\n/)
}

/** Runs the block of the skill under this heading. */
function follow(heading: string): Promise<string> {
  const script = blocks.get(heading)
  if (script === undefined) throw new Error(`the skill has no block “${heading}”`)
  return runShell(script, {
    shell: 'sh',
    directory: home,
    env: {
      HOME: home,
      SWITCHYARD_URL: api.url,
      SWITCHYARD_AGENT_ID: agentId,
      ...(heading === 'Register' ? { SWITCHYARD_ADMIN_TOKEN: TOKENS.coordinator } : {}),
      ...(heading === 'Set up' ? { SWITCHYARD_TOKEN: token } : {}),
      SWITCHYARD_RESULT_FILE: join(home, 'result.json'),
    },
  })
}

async function current(): Promise<WireTask> {
  return (await api.call('GET', `/api/v1/tasks/${task.id}`)).body as WireTask
}

/** What the heartbeats have written down, once it is there; a file that was just made is still empty. */
async function stopReason(): Promise<string | null> {
  const reason = await readFile(file('stop.txt'), 'utf8').catch(() => '')
  return reason === '' ? null : reason
}

function file(name: string): string {
  return join(home, '.switchyard-agent', name)
}
