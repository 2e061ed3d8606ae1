import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  dequeued,
  postAgent,
  postTask,
  sign,
  startTestApi,
  TOKENS,
  WEBHOOK_SECRET,
  type TestApi,
} from '../support/api.ts'
import { buildCommandLine, onTerminal, switchyard, type Ended } from '../support/command-line.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const HOSTILE = 'Fix \u001b]0;pwned\u0007\u001b[2J\u001b[31mit\u202e now\u0007\r\n\u009b5mplease'
const HARMLESS = 'Fix it� now␇ please'
const UNKNOWN = '0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c'

let database: TestDatabase
let api: TestApi
let directory: string

beforeAll(async () => {
  const building = buildCommandLine()
  database = await createTestDatabase()
  api = await startTestApi(database)
  directory = await mkdtemp(join(tmpdir(), 'switchyard-command-line-'))
  await building
})
afterAll(async () => {
  await api.stop()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

const as = (token: string = TOKENS.admin) => ({ SWITCHYARD_URL: api.url, SWITCHYARD_TOKEN: token })

function run(args: readonly string[], env: Record<string, string> = as(), input = ''): Promise<Ended> {
  return switchyard(args, { directory, env, input })
}

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

describe('switchyard tasks', () => {
  it('creates, finds, steers and explains a task', async () => {
    const label = `only-${randomUUID()}`
    const created = await run(
      ['tasks', 'create', 'Greet', '--requires', `${label},linux`, '--json'],
      as(),
      'Say hello.\n',
    )
    const task = JSON.parse(created.stdout) as { id: string }
    expect(task).toEqual((await api.call('GET', `/api/v1/tasks/${task.id}`)).body)
    expect(task).toMatchObject({ title: 'Greet', prompt: 'Say hello.\n', requires: ['linux', label] })

    expect(await printed('tasks', 'list', '--status', 'pending')).toMatch(
      new RegExp(`^ID +STATUS +TRACK +AGE .*\n[^]*${task.id}  pending  undecided +\\d+ s .*Greet\n`),
    )
    expect(await printed('tasks', 'show', task.id)).toContain('Prompt\n  Say hello.\n')
    const agent = await postAgent(api, { labels: ['linux'] })
    const why = await printed('tasks', 'why', task.id)
    expect(why).toContain('pending on the track undecided.')
    expect(why).toMatch(new RegExp(`${agent.id} +http_pull +no_match +it lacks ${label}`))
    expect(await printed('tasks', 'assign', task.id, agent.id)).toContain(
      `reserved for ${agent.id} on the track http_pull`,
    )
    expect(await printed('tasks', 'cancel', task.id, '--reason', 'not now')).toBe(
      `${task.id}  cancelled  Greet\n`,
    )
    expect(await printed('tasks', 'show', task.id)).not.toContain('asked to stop')
    expect(await printed('tasks', 'rerun', task.id)).toContain('pending')
    expect(
      (await printed('tasks', 'events', task.id)).split('\n').map((line) => line.split('  ')[1]),
    ).toEqual(expect.arrayContaining(['created', 'assigned', 'cancel', 'rerun']))
  })

  it('says who has been asked to stop, as long as somebody holds the task', async () => {
    const { agent, task, lease } = await dequeued(api, { title: 'Greet' })
    expect(await printed('tasks', 'cancel', task.id)).toBe(
      `${task.id}  claimed  Greet: ${agent.id} has been asked to stop\n`,
    )
    expect(await printed('tasks', 'show', task.id)).toMatch(
      /to be cancelled +its holder has been asked to stop/,
    )
    const result = { lease_token: lease.token }
    await api.call('POST', `/api/v1/tasks/${task.id}/complete`, result, { token: agent.token })
    expect(await printed('tasks', 'show', task.id)).not.toContain('asked to stop')
  })

  it('reads pages: as many as asked for, with a word that there are more, or all', async () => {
    const repository = `acme/${randomUUID()}`
    for (let count = 0; count < 3; count += 1) await postTask(api, { source: { repository } })
    const two = await run(['tasks', 'list', '--repository', repository, '--limit', '2'])
    expect(two.stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(two.stderr).toContain('There are more')
    const all = await printed('tasks', 'list', '--repository', repository, '--all', '--json')
    expect((JSON.parse(all) as { tasks: unknown[] }).tasks).toHaveLength(3)
  })

  it('follows a log to its end; a pipe gets it as it was written', async () => {
    const { agent, task, lease } = await dequeued(api)
    const append = (offset: number, text: string) =>
      api.call(
        'POST',
        `/api/v1/tasks/${task.id}/logs`,
        { lease_token: lease.token, offset, text },
        { token: agent.token },
      )
    await append(0, HOSTILE)
    const following = run(['tasks', 'logs', '-f', task.id])
    const asJson = run(['tasks', 'logs', '--follow', '--json', task.id])
    await append(Buffer.byteLength(HOSTILE), 'the end')
    await api.call(
      'POST',
      `/api/v1/tasks/${task.id}/complete`,
      { lease_token: lease.token },
      { token: agent.token },
    )
    expect(await following).toEqual({ code: 0, stdout: `${HOSTILE}the end`, stderr: '' })
    const pieces = (await asJson).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string })
    expect(pieces.at(-1)).toMatchObject({ kind: 'end', attempt: 1 })
    expect(await printed('tasks', 'logs', task.id)).toBe(`${HOSTILE}the end`)

    const terminal = onTerminal(['tasks', 'logs', task.id], { directory, env: as() })
    expect(await terminal.ended).toBe(0)
    expect(terminal.output()).toBe('Fix it� now␇\r\npleasethe end')
  })
})

describe('words of strangers', () => {
  it('are harmless on a terminal and elsewhere, in tables and in single answers', async () => {
    const { id } = await postTask(api, {
      title: HOSTILE,
      prompt: HOSTILE,
      source: { repository: `a/${HOSTILE}` },
    })
    for (const args of [
      ['tasks', 'list', '--limit', '1'],
      ['tasks', 'show', id],
      ['queue', '--once'],
    ]) {
      const terminal = onTerminal([...args, '--no-color'], { directory, env: as() })
      expect(await terminal.ended).toBe(0)
      expect(terminal.output()).toContain(HARMLESS)
      expect(terminal.output()).not.toMatch(/[^\P{Cc}\r\n]|\u202e/u)
      expect((await printed(...args)).replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u)
    }
  })
})

describe('colours', () => {
  it.each([
    ['on a terminal', {}, [], true, true],
    ['not in a pipe', {}, [], false, false],
    ['not with NO_COLOR', { NO_COLOR: '1' }, [], true, false],
    ['in a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, [], false, true],
    ['as a flag says, whatever else', { FORCE_COLOR: '1' }, ['--no-color'], true, false],
    ['in a pipe with --color', { NO_COLOR: '1' }, ['--color'], false, true],
  ])('are there %s', async (_, variables, flags, isTerminal, expected) => {
    const args = ['agents', 'list', ...flags]
    const options = { directory, env: { ...as(), ...variables } }
    const terminal = isTerminal ? onTerminal(args, options) : null
    await terminal?.ended
    const output = terminal?.output() ?? (await switchyard(args, options)).stdout
    expect(output.includes('\u001b[1m')).toBe(expected)
  })
})

describe('exit codes, and what is said with them', () => {
  it.each([
    [2, ['tasks', 'lst'], /unknown command 'lst'\n\(Did you mean/],
    [2, ['tasks', 'list', '--limit', 'many'], /must be a whole number of at least 1/],
    [2, ['tasks', 'show'], /missing required argument 'task'/],
    [2, ['tasks', 'show', 'nonsense'], /invalid_request[^]*must be a valid uuid/],
    [
      5,
      ['tasks', 'show', UNKNOWN],
      /No such task \(task_not_found\)\n {2}There is no task .* deleted[^]*switchyard tasks list/,
    ],
    [6, ['tasks', 'rerun', 'PENDING'], /invalid_state[^]*Nothing was changed[^]*switchyard tasks cancel/],
    [1, ['webhook', 'test', '--no-labels'], /^$/],
    [0, ['--version'], /^$/],
    [0, ['help', 'tasks'], /^$/],
  ])('%d: %j', async (code, args, words) => {
    const { id } = await postTask(api)
    const ended = await run(args.map((word) => (word === 'PENDING' ? id : word)))
    expect(ended.code).toBe(code)
    expect(ended.stderr).toMatch(words)
  })

  it('4: without a token, with a wrong one, and with that of an agent', async () => {
    const agent = await postAgent(api)
    const none = await run(['queue'], { SWITCHYARD_URL: api.url })
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining('No token was sent to')])
    const wrong = await run(['queue'], as('wrong-token'))
    expect([wrong.code, wrong.stderr]).toEqual([
      4,
      expect.stringContaining('The token is from SWITCHYARD_TOKEN.'),
    ])
    expect((await run(['queue'], as(agent.token))).code).toBe(4)
  })

  it('3: when nobody answers, and something else than Switchyard is told from it', async () => {
    const stranger = createServer((_request, response) => void response.end('<html>'))
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    const other = await run(['queue'], { SWITCHYARD_URL: url })
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('is it a Switchyard server?')])
    expect(other.stderr).toContain(`The URL ${url} is from SWITCHYARD_URL.`)
    await new Promise((resolve) => stranger.close(resolve))
    const gone = await run(['queue'], { SWITCHYARD_URL: url })
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining(`Try: curl ${url}/healthz`)])
    expect(gone.stderr).toContain('ECONNREFUSED')
  })

  it('2: when the URL has a path that the API is not at', async () => {
    const { code, stderr } = await run(['queue', '--url', `${api.url}/switchyard`])
    expect(code).toBe(2)
    expect(stderr).toMatch(/route_not_found[^]*the URL is wrong[^]*\/switchyard is from --url/)
  })

  it('2: without a database, and without knowing which API is meant', async () => {
    const migrated = await run(['migrate'], {})
    expect([migrated.code, migrated.stderr]).toEqual([2, expect.stringContaining('Set DATABASE_URL')])
    const asked = await run(['queue'], {})
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('switchyard config --help')])
    expect((await run(['config', '--help'], {})).stdout).toContain('The configuration file')
  })

  it('name commands, never calls of HTTP', async () => {
    for (const args of [
      ['tasks', 'why', UNKNOWN],
      ['tasks', 'assign', (await postTask(api)).id, 'nobody'],
      ['agents', 'register', (await postAgent(api)).id],
      ['hosts', 'check', 'nowhere'],
      ['deliveries', 'show', UNKNOWN],
      ['queue', '--token', 'wrong'],
    ]) {
      const { stderr } = await run(args)
      expect([args, stderr]).toEqual([args, expect.stringMatching(/switchyard [a-z]+ [a-z]+/)])
      expect([args, stderr]).toEqual([args, expect.not.stringMatching(/\/api\/v1|(?:GET|POST|PUT) \//)])
    }
  })

  it('show the problem document with --json', async () => {
    const { stdout, code } = await run(['--json', 'tasks', 'show', UNKNOWN])
    expect(code).toBe(5)
    const { body } = await api.call('GET', `/api/v1/tasks/${UNKNOWN}`)
    expect(JSON.parse(stdout)).toEqual({ ...body, request_id: expect.any(String) as unknown })
  })

  it('repeat what was typed without what it would do to a terminal', async () => {
    const { code, stderr } = await run(['--context', HOSTILE, 'queue'])
    expect(code).toBe(2)
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u)
  })

  it('are no failure when the reader of a pipe goes away', async () => {
    const command = `node '${join(import.meta.dirname, '../../packages/cli/bin/switchyard.js')}' help | head -n 1`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', command])
    expect([stdout, stderr]).toEqual(['Usage: switchyard [options] [command]\n', ''])
  })
})

describe('where the API and the token come from', () => {
  const shown = async (args: string[], env: Record<string, string>, place = directory) => {
    const { stdout } = await switchyard(['config', 'show', '--json', ...args], { directory: place, env })
    return JSON.parse(stdout) as { url: string; url_from: string; token_from: string | null }
  }

  it('is the first of flags, environment, file, and the instance that runs here', async () => {
    const place = await mkdtemp(join(directory, 'place-'))
    await mkdir(join(place, '.switchyard'))
    await mkdir(join(place, 'below'))
    await writeFile(join(place, '.switchyard/url'), 'http://127.0.0.1:1\n')
    await writeFile(join(place, '.switchyard/admin-token'), 'kept\n', { mode: 0o600 })
    const below = join(place, 'below')
    expect(await shown([], {}, below)).toEqual({
      url: 'http://127.0.0.1:1',
      url_from: `the instance that runs in ${place}/.switchyard`,
      token_from: `${place}/.switchyard/admin-token`,
    })
    await mkdir(join(place, 'config/switchyard'), { recursive: true })
    const file = join(place, 'config/switchyard/config.yaml')
    await writeFile(
      file,
      'current: work\ncontexts:\n  work: {url: "http://127.0.0.1:2/", token_file: token}\n  home: {url: "http://127.0.0.1:3", token: secret}\n',
      { mode: 0o600 },
    )
    await writeFile(join(place, 'config/switchyard/token'), 'of-work\n', { mode: 0o600 })
    const env = { XDG_CONFIG_HOME: join(place, 'config') }
    expect(await shown([], env, below)).toMatchObject({
      url: 'http://127.0.0.1:2',
      url_from: `context “work” of ${file}`,
    })
    expect(
      await shown(['--context', 'home'], { ...env, SWITCHYARD_URL: 'http://127.0.0.1:4' }, below),
    ).toMatchObject({
      url: 'http://127.0.0.1:3',
      token_from: `context “home” of ${file}`,
    })
    const withUrl = { ...env, SWITCHYARD_URL: 'http://127.0.0.1:4' }
    // A token that stands beside another URL is not sent there.
    expect(await shown([], withUrl, below)).toMatchObject({ url_from: 'SWITCHYARD_URL', token_from: null })
    expect(await shown(['--url', 'http://127.0.0.1:1'], withUrl, below)).toMatchObject({
      url_from: '--url',
      token_from: `${place}/.switchyard/admin-token`,
    })
    expect(await shown(['--token', 'x'], { ...withUrl, SWITCHYARD_TOKEN: 'y' }, below)).toMatchObject({
      token_from: '--token',
    })

    await chmod(file, 0o640)
    const refused = await switchyard(['queue'], { directory: below, env })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`chmod 600 '${file}'`)])
  })

  it('is asked for when nothing says it', async () => {
    const { code, stderr } = await run(['queue'], {})
    expect([code, stderr]).toEqual([2, expect.stringContaining('Set SWITCHYARD_URL and SWITCHYARD_TOKEN')])
  })
})

describe('switchyard agents and tokens', () => {
  it('shows a token once, or writes it where only the owner reads it, and replaces it', async () => {
    const id = `agent-${randomUUID()}`
    const file = join(directory, 'token')
    const registered = await run([
      'agents',
      'register',
      id,
      '--labels',
      'linux',
      '--labels',
      'gpu',
      '--token-out',
      file,
    ])
    expect(registered).toMatchObject({ code: 0, stdout: `${id} is registered; the token is in ${file}.\n` })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const mine = { SWITCHYARD_URL: api.url, SWITCHYARD_TOKEN_FILE: file }
    expect((await run(['agents', 'show', id], mine)).stdout).toContain('labels      gpu, linux')
    const token = (await printed('tokens', 'rotate', id)).trim()
    expect((await run(['agents', 'show', id], mine)).code).toBe(4)
    expect((await run(['agents', 'show', id], as(token))).code).toBe(0)
    expect(await readFile(file, 'utf8')).not.toContain(token)
    expect(await printed('agents', 'pause', id)).toBe(`${id} gets no new task.\n`)
    expect(await printed('agents', 'resume', id)).toBe(`${id} gets tasks again.\n`)
    expect(await printed('agents', 'relabel', id, 'docker,linux', 'gpu')).toBe(`${id}: docker, gpu, linux\n`)
    expect(await printed('agents', 'list')).toMatch(new RegExp(`${id} +http_pull +on .* docker,gpu,linux\n`))
    expect(await printed('agents', 'delete', id)).toBe(`${id} is deleted.\n`)
    expect((await printed('tokens', 'generate', 'coordinator')).trim()).toMatch(/^[\w-]{32}$/)
  })
})

describe('switchyard webhook and deliveries', () => {
  it('says what would become of a sample and of what has arrived, and creates nothing', async () => {
    const env = { ...as(TOKENS.coordinator), SWITCHYARD_WEBHOOK_SECRET: WEBHOOK_SECRET }
    const before = (await api.call('GET', '/api/v1/deliveries')).body
    const fits = await run(['webhook', 'test'], env)
    expect(fits.code).toBe(0)
    expect(fits.stdout).toContain('outcome     task: the rule label-agent matched')
    const comment = await run(
      ['webhook', 'test', '--event', 'issue_comment', '--comment', '/agent fix it', '--json'],
      env,
    )
    expect(JSON.parse(comment.stdout)).toMatchObject({ signature: { valid: true }, rule: 'comment-agent' })
    const wrong = await run(['webhook', 'test', '--forge', 'gitea'], {
      ...env,
      SWITCHYARD_WEBHOOK_SECRET: 'wrong',
    })
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringContaining('fits no configured secret')])
    expect((await api.call('GET', '/api/v1/deliveries')).body).toEqual(before)

    const payload = JSON.stringify({ action: 'closed', issue: { number: 1, title: HOSTILE } })
    const headers = { 'x-forgejo-event': 'issues', 'x-forgejo-signature': sign(WEBHOOK_SECRET, payload) }
    const { body } = await api.call('POST', '/api/v1/webhooks/forgejo', payload, { token: null, headers })
    const id = String(body['delivery_id'])
    expect(await printed('deliveries', 'list')).toMatch(new RegExp(`${id} .*ignored +issues closed`))
    expect(await printed('deliveries', 'show', id)).toContain('x-forgejo-event: issues')
    expect((await run(['webhook', 'test', '--delivery', id])).stdout).toContain(
      'label-agent wants the action',
    )
  })
})

describe('switchyard events and queue', () => {
  it('follows events, a document on each line', async () => {
    const { id } = await postTask(api)
    const terminal = onTerminal(['events', '--from-beginning', '--task', id, '--json'], {
      directory,
      env: as(),
    })
    await terminal.untilShown('"event":"created"')
    await api.call('POST', `/api/v1/tasks/${id}/cancel`)
    await terminal.untilShown('"to_status":"cancelled"')
    terminal.type('\u0003')
    await terminal.ended
    for (const line of terminal
      .output()
      .split('\r\n')
      .filter((text) => text.startsWith('{')))
      expect(JSON.parse(line)).toMatchObject({ task_id: id })
  })

  it('draws the queue anew as things happen, and gives the terminal back', async () => {
    const terminal = onTerminal(['queue'], { directory, env: as() })
    await terminal.untilShown('No dispatcher is alive')
    expect(terminal.output()).toContain('\u001b[?1049h')
    const title = randomUUID()
    await postTask(api, { title })
    await terminal.untilShown(title)
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
    expect(terminal.output().trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    const { body } = await api.call('GET', '/api/v1/queue')
    expect(JSON.parse(await printed('queue', '--json'))).toMatchObject({ counts: body['counts'] })
  })
})

describe('completion', () => {
  it('completes commands, options and their values in bash', async () => {
    await writeFile(join(directory, 'completion'), await printed('completion', 'bash'))
    const script = `source ./completion
compopt() { :; }
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _switchyard; echo "\${COMPREPLY[*]}"; }
complete -p switchyard
try switchyard tas
try switchyard task l
try switchyard --url http://x tasks logs --fo
try switchyard webhook test --event is
try switchyard agent run --preset c
try switchyard tasks list --status pending,r
try switchyard tasks list --mode ''
try switchyard tasks list --he
try switchyard completion ''
try switchyard agent run -- --l`
    const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', script], { cwd: directory })
    expect(stdout.split('\n')).toEqual([
      'complete -F _switchyard switchyard',
      'tasks',
      'list logs',
      '--follow',
      'issues issue_comment',
      'claude codex',
      'pending,running',
      'undecided ssh_cli http_pull',
      '--help',
      expect.stringMatching(/^bash zsh fish /),
      '',
      '',
    ])
  })
})
