import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient, type Client } from '@switchyard/client'
import { PRESETS } from '@switchyard/core'
import { startReadyService } from '../../demo/service.ts'
import { startAgentProcess, type AgentProcess } from '../support/agent-process.ts'
import { startTestApi, TOKENS, type TestApi } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { isAlive } from '../support/processes.ts'
import { runShell } from '../support/run-shell.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const LEASE = { SWITCHYARD_LEASE_SECONDS: 3 }

let database: TestDatabase
let api: TestApi
let proxy: TcpProxy
let admin: Client
let directory: string
const agents: AgentProcess[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  api = await startTestApi(database, { config: LEASE })
  proxy = await startTcpProxy(api.port)
  admin = createClient({ baseUrl: api.url, token: TOKENS.admin })
  directory = await mkdtemp(join(tmpdir(), 'switchyard-agent-run-'))
})
afterEach(async () => {
  for (const agent of agents.splice(0)) {
    agent.kill('SIGKILL')
    await agent.ended
  }
})
afterAll(async () => {
  await proxy.stop()
  await api.stop()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

interface Started {
  readonly agent: AgentProcess
  readonly id: string
  readonly createTask: (prompt: string) => Promise<string>
}

/** An agent that runs each prompt as a shell script, behind a network that can be cut. */
async function startAgent(
  args: readonly string[] = [],
  env = {},
  id = `agent-${randomUUID()}`,
): Promise<Started> {
  const agent = startAgentProcess(
    { SWITCHYARD_URL: `http://127.0.0.1:${proxy.port}`, SWITCHYARD_TOKEN: TOKENS.coordinator, ...env },
    ['--id', id, '--labels', id, ...args, '--', 'sh'],
    directory,
  )
  agents.push(agent)
  await agent.untilRunning()
  return {
    agent,
    id,
    createTask: async (prompt) => (await admin.createTask({ title: 'Do it', prompt, requires: [id] })).id,
  }
}

async function untilTask(id: string, what: string, fits: (status: string) => boolean) {
  return until(
    `task ${id} ${what}`,
    async () => {
      const task = await admin.getTask({ task_id: id })
      return fits(task.status) ? task : null
    },
    30,
  )
}
const untilEnded = (id: string) =>
  untilTask(id, 'has ended', (status) => ['succeeded', 'failed', 'cancelled'].includes(status))
const untilOver = (id: string) =>
  untilTask(id, 'is over', (status) => ['succeeded', 'failed', 'scheduled'].includes(status))
const untilLogged = (id: string, text: string) =>
  until(`the log says ${text}`, async () => (await admin.getTaskLogs({ task_id: id })).text.includes(text))

/** A script that says its process id, and goes on until the file is there. */
const waitFor = (file: string): string =>
  `echo "pid $$"; until [ -e '${file}' ]; do sleep 0.05; done; echo over`

async function pidOf(id: string): Promise<number> {
  await untilLogged(id, 'pid ')
  return Number(/pid (\d+)/.exec((await admin.getTaskLogs({ task_id: id })).text)?.[1])
}

describe('switchyard agent run', () => {
  it('registers once, runs the command on each task, and reports what came of it', async () => {
    const first = await startAgent(['--max-concurrent', '4'])
    const done = await first.createTask(`
      echo "Grüße 🚆 from $SWITCHYARD_TITLE"; echo "to stderr" > /dev/stderr
      echo "token: $SWITCHYARD_TOKEN, task: $SWITCHYARD_TASK_ID"; pwd; ls -A | wc -l
      printf '{"summary":"Fixed.","branch":"fix"}' > "$SWITCHYARD_RESULT_FILE"`)
    const failed = await first.createTask('echo "no luck"; exit 3')
    const killed = await first.createTask('kill -9 $$')
    expect(await untilEnded(done)).toMatchObject({
      status: 'succeeded',
      agent_id: first.id,
      result: { summary: 'Fixed.', branch: 'fix', exit_code: 0 },
    })
    const log = (await admin.getTaskLogs({ task_id: done })).text
    expect(log).toContain(`Grüße 🚆 from Do it\nto stderr\ntoken: , task: ${done}\n`)
    expect(log).toContain(`${done}-1/work\n0\n`)
    for (const [id, message] of [
      [failed, `exited with code 3 by agent ${first.id}. Its last line: no luck`],
      [killed, 'killed by SIGKILL'],
    ] as const) {
      const task = await untilTask(id, 'is to be tried again', (status) => status === 'scheduled')
      expect(task.status).toBe('scheduled')
      const { events } = await admin.getTaskEvents({ task_id: id })
      expect(events.at(-1)).toMatchObject({ event: 'retry', reason: expect.stringContaining(message) })
    }
    first.agent.kill('SIGTERM')
    expect(await first.agent.ended).toBe(0)

    const state = join(directory, '.local/state/switchyard')
    const [tokenFile] = (await readdir(join(state, 'agents'))).filter((name) => name.startsWith(first.id))
    expect((await stat(join(state, 'agents', tokenFile!))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(state, 'runs', first.id))).toEqual([])
    const second = await startAgent(['--keep-work'], { SWITCHYARD_TOKEN: '' }, first.id)
    const again = await second.createTask('echo kept > file')
    await untilEnded(again)
    const kept = join(state, 'runs', first.id, String(second.agent.pid), `${again}-1`, 'work', 'file')
    expect(await readFile(kept, 'utf8')).toBe('kept\n')
  })

  it('goes on while the network is cut and the API restarts', async () => {
    const { createTask } = await startAgent()
    const file = join(directory, randomUUID())
    const id = await createTask(waitFor(file))
    await pidOf(id)
    proxy.close()
    await api.stop()
    await writeFile(file, '')
    api = await startTestApi(database, { config: { ...LEASE, PORT: api.port } })
    proxy.open()
    expect(await untilEnded(id)).toMatchObject({ status: 'succeeded', attempt: 1, deliveries: 1 })
    expect((await admin.getTaskLogs({ task_id: id })).text).toMatch(/^pid \d+\nover\n$/)
  })

  it('ends everything that the command has started when the task is cancelled', async () => {
    const { createTask } = await startAgent()
    const id = await createTask(
      'trap "" TERM; sh -c \'trap "" TERM; echo "pid $$"; while :; do sleep 0.1; done\'',
    )
    const pid = await pidOf(id)
    await admin.cancelTask({ task_id: id })
    expect(await untilEnded(id)).toMatchObject({ status: 'cancelled' })
    expect(isAlive(pid)).toBe(false)
  })

  it('takes silence for no success where output is required', async () => {
    const { createTask } = await startAgent([], { SWITCHYARD_REQUIRE_OUTPUT: '1' })
    const silent = await createTask('true')
    const spoken = await createTask('echo done')
    await untilTask(silent, 'is to be tried again', (status) => status === 'scheduled')
    expect((await admin.getTask({ task_id: silent })).error).toMatchObject({ code: 'no_output' })
    expect(await untilEnded(spoken)).toMatchObject({ status: 'succeeded' })
  })

  it('ends a command that is over its time', async () => {
    const { createTask } = await startAgent(['--timeout', '1'])
    const id = await createTask('sleep 600')
    await untilTask(id, 'is to be tried again', (status) => status === 'scheduled')
    expect((await admin.getTaskEvents({ task_id: id })).events.at(-1)?.reason).toContain('its time limit')
  })

  it('lets its commands end on the first signal, and gives the tasks back on the second', async () => {
    const patient = await startAgent()
    const file = join(directory, randomUUID())
    const finished = await patient.createTask(waitFor(file))
    await pidOf(finished)
    patient.agent.kill('SIGTERM')
    await until('it drains', () => patient.agent.errors().includes('no new tasks'))
    const later = await patient.createTask('echo never')
    await writeFile(file, '')
    expect(await patient.agent.ended).toBe(0)
    expect(await admin.getTask({ task_id: finished })).toMatchObject({ status: 'succeeded' })
    expect(await admin.getTask({ task_id: later })).toMatchObject({ status: 'pending', deliveries: 0 })

    const hasty = await startAgent()
    const id = await hasty.createTask(waitFor(join(directory, 'never')))
    const pid = await pidOf(id)
    hasty.agent.kill('SIGTERM')
    await until('it drains', () => hasty.agent.errors().includes('no new tasks'))
    // A second signal within half a second is the same press of Ctrl-C; so it is sent until it is heard.
    await until('it hurries', () => {
      hasty.agent.kill('SIGINT')
      return hasty.agent.errors().includes('giving their tasks back')
    })
    expect(await hasty.agent.ended).toBe(0)
    expect(isAlive(pid)).toBe(false)
    expect(await admin.getTask({ task_id: id })).toMatchObject({ status: 'pending', deliveries: 1 })
  })

  it('leaves no command behind when it is killed, and its task comes back', async () => {
    const { agent, createTask } = await startAgent()
    const file = join(directory, randomUUID())
    const id = await createTask(
      `[ -e '${file}' ] || { touch '${file}'; ${waitFor(join(directory, 'never'))}; }`,
    )
    const pid = await pidOf(id)
    const dispatcher = await startReadyService({
      name: 'dispatcher',
      entry: fileURLToPath(new URL('../../services/dispatcher/src/main.ts', import.meta.url)),
      env: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: database.connectionString,
        SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '0.3',
        SWITCHYARD_HEALTH_PORT: '0',
        NODE_OPTIONS: '--import tsx --conditions=@switchyard/source --disable-warning=ExperimentalWarning',
      },
      logFile: join(directory, 'dispatcher.log'),
    })
    try {
      agent.kill('SIGKILL')
      expect(await agent.ended).toBe('SIGKILL')
      await until('its command is gone', () => !isAlive(pid))
      const task = await untilTask(id, 'comes back', (status) => status === 'scheduled')
      expect(task.attempt).toBe(1)
      expect((await admin.getTaskEvents({ task_id: id })).events.at(-1)?.reason).toContain('lease')
    } finally {
      await dispatcher.stop()
    }
  })

  it('clones the repository of the task, afresh for each, and no name leads it elsewhere', async () => {
    const origin = join(directory, 'forge/acme/shop.git')
    await runShell(
      `git init --quiet --bare -b main "${origin}"; git clone --quiet "${origin}" shop 2>&1; cd shop
       echo one > file; git add file; git -c user.name=a -c user.email=a@b commit --quiet -m one; git push --quiet origin HEAD:main`,
      { shell: 'sh', directory, env: { HOME: directory } },
    )
    const spies = join(directory, 'spies')
    await mkdir(spies)
    const path = process.env['PATH'] ?? ''
    const spy = `#!/bin/sh\necho "token \${SWITCHYARD_TOKEN-none}" >> "${spies}/told"; PATH="${path}" exec git "$@"\n`
    await writeFile(join(spies, 'git'), spy, { mode: 0o755 })
    const { id: label } = await startAgent(
      ['--repository-url', `file://${directory}/forge/{repository}.git`],
      { PATH: `${spies}:${path}` },
    )
    const inRepository = async (repository: string, prompt: string) =>
      untilOver(
        (await admin.createTask({ title: 'Do it', prompt, requires: [label], source: { repository } })).id,
      )
    const prompt =
      'cat file; echo two > file; git checkout --quiet -b fix && git -c user.name=a -c user.email=a@b commit --quiet -am two && git push --quiet origin fix'
    const first = await inRepository('acme/shop', prompt)
    expect(first).toMatchObject({ status: 'succeeded', result: { summary: 'one' } })
    const afterwards = 'cat file; git branch; git for-each-ref --format="%(refname)" refs/remotes/origin/fix'
    expect(await inRepository('acme/shop', afterwards)).toMatchObject({
      result: { summary: 'one\n* main\nrefs/remotes/origin/fix' },
    })
    expect(new Set((await readFile(join(spies, 'told'), 'utf8')).trim().split('\n'))).toEqual(
      new Set(['token none']),
    )
    for (const hostile of [
      '../acme/shop',
      '--upload-pack=touch x/y',
      'acme/..',
      'acme/shop;x',
      'acme/-x',
      'acme',
    ]) {
      expect(await inRepository(hostile, 'true')).toMatchObject({
        status: 'failed',
        error: { code: 'repository_refused' },
      })
    }
    expect(await inRepository('acme/none', 'true')).toMatchObject({ status: 'scheduled' })
  })

  it('runs a preset: its command and what is added to it, its environment below our own', async () => {
    const programs = join(directory, 'programs')
    await mkdir(programs)
    const script = `#!/bin/sh
printf 'argument %s\\n' "$@"; echo "updater $DISABLE_AUTOUPDATER, prompt $GIT_TERMINAL_PROMPT, read $(cat)"`
    await writeFile(join(programs, 'claude'), script, { mode: 0o755 })
    const id = `agent-${randomUUID()}`
    const agent = startAgentProcess(
      {
        ...{ SWITCHYARD_URL: api.url, SWITCHYARD_TOKEN: TOKENS.coordinator, GIT_TERMINAL_PROMPT: '1' },
        PATH: `${programs}:${process.env['PATH'] ?? ''}`,
      },
      ['--id', id, '--labels', id, '--preset', 'claude', '--', '--model', 'small'],
      directory,
    )
    agents.push(agent)
    const task = await admin.createTask({ title: 'Do it', prompt: 'Be kind.', requires: [id] })
    await untilEnded(task.id)
    const added = ['--model', 'small']
    expect((await admin.getTaskLogs({ task_id: task.id })).text.split('\n')).toEqual([
      ...[...PRESETS.claude.command.slice(1), ...added].map((argument) => `argument ${argument}`),
      'updater 1, prompt 1, read Be kind.',
      '',
    ])
  })

  it('says what it misses when it cannot begin', async () => {
    const url = { SWITCHYARD_URL: api.url }
    const stranger = startAgentProcess(url, ['--id', 'nobody', '--', 'sh'], directory)
    expect(await stranger.ended).toBe(4)
    expect(stranger.errors()).toContain('has no token yet')
    const { id } = await admin.registerAgent({ id: 'taken' }).then(({ agent }) => agent)
    const taken = startAgentProcess(
      { ...url, SWITCHYARD_TOKEN: TOKENS.coordinator },
      ['--id', id, '--', 'sh'],
      directory,
    )
    expect(await taken.ended).toBe(6)
    expect(taken.errors()).toContain('--replace-token')
  })
})
