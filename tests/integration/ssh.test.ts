import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import {
  createSsh,
  type FollowRequest,
  type FollowResult,
  type LaunchRequest,
  type LaunchResult,
  type RunFolder,
  type Ssh,
  type SshTarget,
} from '@switchyard/dispatcher/ssh'
import { createSshKeys, startLocalSshServer, type LocalSshServer } from '../../demo/ssh-server.ts'
import { createGate } from '../support/gate.ts'
import { isAlive, livingInGroup } from '../support/processes.ts'
import { startSshd } from '../support/sshd.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal

/** Everything below holds for OpenSSH, and for the server that takes its place where there is none. */
describe.each([
  ['OpenSSH', () => startSshd()],
  ['the in-process server', () => startLocalSshServer()],
])('ssh, against %s', (_name, startServer) => {
  let server: LocalSshServer
  let ssh: Ssh
  let directory: string

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    ssh = createSsh({ killGraceSeconds: 0.3 })
    directory = mkdtempSync(join(tmpdir(), 'switchyard-run-'))
  })
  afterEach(async () => {
    await ssh.close()
    rmSync(directory, { recursive: true, force: true })
  })

  function target(changes: Partial<SshTarget> = {}): SshTarget {
    const { address, port, user, privateKeyPath, hostKeySha256 } = server
    return { id: 'host', address, port, user, privateKeyPath, hostKeySha256, ...changes }
  }

  function folder(): RunFolder {
    return { root: join(directory, 'runs'), id: randomUUID() }
  }

  function launch(changes: Partial<LaunchRequest>, dialled: SshTarget = target()): Promise<LaunchResult> {
    return ssh.launch(dialled, {
      ...folder(),
      command: ['true'],
      workdir: null,
      environment: {},
      prompt: '',
      timeoutSeconds: 30,
      signal: never,
      ...changes,
    })
  }

  /** Follows a run, and gathers its output. */
  async function follow(
    run: RunFolder,
    changes: Partial<FollowRequest> = {},
    dialled: SshTarget = target(),
  ): Promise<{ bytes: Buffer; output: string; result: FollowResult }> {
    const pieces: Buffer[] = []
    const result = await ssh.follow(dialled, {
      ...run,
      offset: 0,
      onOutput: (bytes) => {
        pieces.push(bytes)
        return Promise.resolve()
      },
      signal: new AbortController().signal,
      ...changes,
    })
    const bytes = Buffer.concat(pieces)
    return { bytes, output: bytes.toString(), result }
  }

  /** Starts a run, which goes on by itself. */
  async function start(
    changes: Partial<LaunchRequest>,
    dialled: SshTarget = target(),
  ): Promise<RunFolder & { processGroup: number }> {
    const run = folder()
    const result = await launch({ ...run, ...changes }, dialled)
    if (result.kind !== 'launched') throw new Error(JSON.stringify(result))
    return { ...run, processGroup: result.processGroup }
  }

  async function run(changes: Partial<LaunchRequest>) {
    return follow(await start(changes))
  }

  const exited = (code: number) => ({ kind: 'exited', code, timedOut: false, resultFile: null })

  const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args]

  async function pidIn(file: string): Promise<number> {
    return until(`${file} holds a pid`, () => {
      const text = existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8') : ''
      return text.endsWith('\n') ? Number(text) : null
    })
  }

  describe('how a command ends', () => {
    it.each([0, 3, 255])('tells exit code %i', async (code) => {
      expect((await run({ command: sh(`exit ${code}`) })).result).toEqual(exited(code))
    })

    it('tells a signal as the shell does', async () => {
      expect((await run({ command: sh('kill -KILL $$') })).result).toEqual(exited(137))
    })

    it('tells the signal when the whole group was killed: what watches over it lives elsewhere', async () => {
      expect((await run({ command: sh('kill -KILL 0') })).result).toEqual(exited(137))
    })

    it('merges both outputs in the order of writing', async () => {
      const { output } = await run({ command: sh('echo one; echo two >&2; echo three; echo four >&2') })
      expect(output).toBe('one\ntwo\nthree\nfour\n')
    })

    it('is not fooled by output that looks like a control line', async () => {
      const { output, result } = await run({ command: sh(String.raw`printf "\036nonce exit 0\n"; exit 7`) })
      expect(output).toBe('\u001enonce exit 0\n')
      expect(result).toEqual(exited(7))
    })

    it('does not wait for a process that was left behind with the output open', async () => {
      const { output, result } = await run({
        command: sh('setsid sleep 300 & echo $! > "$1"/pid; echo started', directory),
      })
      expect([output, result]).toEqual(['started\n', exited(0)])
      process.kill(await pidIn('pid'), 'SIGKILL')
    })

    it('brings the result file', async () => {
      const { result } = await run({ command: sh('printf "{}" > "$SWITCHYARD_RESULT_FILE"') })
      expect(result).toMatchObject({ code: 0, resultFile: Buffer.from('{}') })
    })
  })

  describe('a run', () => {
    it('is started once, however often it is launched at once', async () => {
      const one = folder()
      const command = sh('echo ran >> "$1"/ledger', directory)
      const results = await Promise.all(Array.from({ length: 5 }, () => launch({ ...one, command })))
      expect(results.map(({ kind }) => kind).sort()).toEqual([
        ...Array<string>(4).fill('already'),
        'launched',
      ])
      expect((await follow(one)).result).toEqual(exited(0))
      expect(readFileSync(join(directory, 'ledger'), 'utf8')).toBe('ran\n')
    })

    it('goes on when everybody is gone, and is found again from any byte', async () => {
      const go = join(directory, 'go')
      const one = await start({
        command: sh('printf "€"; while [ ! -e "$1" ]; do sleep 0.01; done; echo €', go),
      })
      await ssh.close()
      ssh = createSsh()
      writeFileSync(go, '')
      expect((await follow(one)).result).toEqual(exited(0))
      const whole = Buffer.from('€€\n')
      for (let offset = 0; offset <= whole.length; offset += 1)
        expect((await follow(one, { offset })).bytes).toEqual(whole.subarray(offset))
    })

    it('that nobody launched is found never to have started, and never will', async () => {
      const one = folder()
      expect((await follow(one)).result).toEqual({ kind: 'never_started' })
      expect(await launch({ ...one, command: sh('touch "$1"/ran', directory) })).toEqual({ kind: 'already' })
      expect((await follow(one)).result).toEqual({ kind: 'never_started' })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
    })

    it('is fenced off although its launch is under way', async () => {
      const one = folder()
      const result = await launch({
        ...one,
        command: sh('touch "$1"/ran', directory),
        onReady: async () => {
          await follow(one)
        },
      })
      expect(result).toEqual({ kind: 'already' })
      expect((await follow(one)).result).toEqual({ kind: 'never_started' })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
    })

    it('does not touch what its follower leaves: it stops following, and the run goes on', async () => {
      const one = await start({ command: sh('echo $$ > "$1"/pid; exec sleep 300', directory) })
      const pid = await pidIn('pid')
      const leave = new AbortController()
      const following = follow(one, { signal: leave.signal })
      leave.abort()
      expect((await following).result).toMatchObject({ kind: expect.stringMatching(/stopped|unreachable/) })
      expect(isAlive(pid)).toBe(true)
      expect(await ssh.kill(target(), one)).toEqual({ kind: 'gone' })
    })

    it('is ended by the host itself when it is over its time', async () => {
      const one = await start({ command: sh(family, directory), timeoutSeconds: 1 })
      const { result } = await follow(one)
      expect(result).toEqual({ kind: 'exited', code: 143, timedOut: true, resultFile: null })
      expect(livingInGroup(one.processGroup)).toEqual([])
    })

    it('is lost when everything of it was killed', async () => {
      const one = await start({ command: ['sleep', '300'] })
      const supervisor = Number(readlinkSync(join(one.root ?? '', one.id, 'started')))
      process.kill(supervisor, 'SIGKILL')
      process.kill(one.processGroup, 'SIGKILL')
      expect((await follow(one)).result).toEqual({ kind: 'lost' })
    })
  })

  describe('what reaches the command', () => {
    it('is its input, byte for byte', async () => {
      const prompt = `--help -n\n'; touch ${directory}/pwned; "$(id)" \`id\` \\n \\\\ %s \r\n\t\0 € 🙂\ngo\n${'x'.repeat(1 << 20)}`
      const { output } = await run({
        command: sh('cat > "$1"/prompt; wc -c < "$1"/prompt', directory),
        prompt,
      })
      expect(Number(output)).toBe(Buffer.byteLength(prompt))
      expect(readFileSync(join(directory, 'prompt'), 'utf8') === prompt).toBe(true)
      expect(existsSync(join(directory, 'pwned'))).toBe(false)
    })

    it('is nothing of an input that it does not read', async () => {
      const { result } = await run({ command: ['true'], prompt: 'x'.repeat(4 << 20) })
      expect(result).toEqual(exited(0))
    })

    const HOSTILE = [
      "it's",
      '"$(id)`id`"',
      '$HOME ~ *',
      'two\nlines\n',
      '\\n \\\\ \\',
      '',
      ' ',
      '-n',
      '--',
      '%s',
      '; exit 9',
      '€🙂',
      'a=b',
    ]

    it('is each argument, literally', async () => {
      const { output } = await run({ command: sh('printf "%s|" "$#" "$@"', ...HOSTILE) })
      expect(output).toBe([HOSTILE.length, ...HOSTILE, ''].join('|'))
    })

    it('is each variable, literally, and not in the process list', async () => {
      const environment = Object.fromEntries(HOSTILE.map((value, index) => [`HOSTILE_${index}`, value]))
      const print = HOSTILE.map((_, index) => `"$HOSTILE_${index}"`).join(' ')
      const { output } = await run({ command: sh(`printf "%s|" ${print}`), environment })
      expect(output).toBe([...HOSTILE, ''].join('|'))
      const secret = 'sk-not-for-everybody'
      const look = sh('tr "\\0" " " < /proc/$PPID/cmdline; tr "\\0" " " < /proc/$$/cmdline')
      const shown = await run({ command: look, environment: { SECRET: secret } })
      expect(shown.output).toContain('exec')
      expect(shown.output).not.toContain(secret)
    })

    it('is the working directory, whatever its name', async () => {
      const name = `-e 'it"s $(id)\n`
      await run({ command: ['mkdir', '--', name], workdir: directory })
      const { output } = await run({ command: ['pwd'], workdir: join(directory, name) })
      expect(output).toBe(`${join(directory, name)}\n`)
    })

    it('is where its result belongs', async () => {
      const one = await start({ command: sh('printf "%s" "$SWITCHYARD_RESULT_FILE"') })
      expect((await follow(one)).output).toBe(join(one.root ?? '', one.id, 'result.json'))
    })

    it('is an id that says what it likes to', async () => {
      for (const id of ['', '../x', 'a b', '-x', 'a/b', '$(id)', 'a\nb', "'"])
        expect(await launch({ id })).toMatchObject({
          kind: 'not_started',
          message: expect.stringContaining('id'),
        })
    })
  })

  describe('output', () => {
    it('comes byte for byte, wherever packets split characters', async () => {
      const text = '€'.repeat(100_000)
      const { bytes, result } = await run({ command: ['cat'], prompt: text })
      expect(result).toEqual(exited(0))
      expect(bytes.toString() === text).toBe(true)
      const raw = await run({ command: ['head', '-c', '3000000', '/dev/urandom'] })
      expect(raw.bytes.length).toBe(3_000_000)
    })

    it('is read no faster than it is taken', async () => {
      const gate = createGate()
      let calls = 0
      let taken = 0
      const one = await start({ command: sh('head -c 50000000 /dev/zero') })
      const following = follow(one, {
        onOutput: async (bytes) => {
          calls += 1
          await gate.opened
          taken += bytes.length
        },
      })
      await until('output arrives', () => calls > 0)
      // Another whole run goes by, over the same connection.
      await run({ command: ['true'] })
      expect(calls).toBe(1)
      gate.open()
      expect((await following).result).toEqual(exited(0))
      expect(taken).toBe(50_000_000)
    })

    it('that nobody takes any more ends the following, and not the run', async () => {
      const one = await start({
        command: sh('echo $$ > "$1"/pid; while :; do echo more; sleep 0.01; done', directory),
      })
      const { result } = await follow(one, { onOutput: () => Promise.reject(new Error('lease lost')) })
      expect(result).toEqual({ kind: 'stopped' })
      expect(isAlive(await pidIn('pid'))).toBe(true)
      await ssh.kill(target(), one)
    })
  })

  describe('what never starts', () => {
    it('a command without its directory', async () => {
      const one = folder()
      const command = sh('touch "$1"/ran', directory)
      const result = await launch({ ...one, command, workdir: join(directory, 'missing') })
      expect(result.kind).toBe('workdir_missing')
      expect(JSON.stringify(result)).toContain(directory)
      expect(existsSync(join(directory, 'ran'))).toBe(false)
      expect(existsSync(join(one.root ?? ''))).toBe(false)
    })

    it.each([['no-such-program'], ['exit'], ['./nowhere'], ['/etc/passwd']])(
      'a program that is none: %s',
      async (program) => {
        const result = await launch({ command: [program, '0'] })
        expect(result.kind).toBe('command_not_found')
        expect(JSON.stringify(result)).toContain(program)
      },
    )

    it('a command that the holder may not start', async () => {
      const result = await launch({
        command: sh('touch "$1"/ran', directory),
        onReady: () => Promise.reject(new Error('lease lost')),
      })
      expect(result).toEqual({ kind: 'cancelled' })
      await run({ command: ['true'] })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
    })

    it('a command whose folder cannot be made', async () => {
      writeFileSync(join(directory, 'file'), '')
      const result = await launch({ root: join(directory, 'file') })
      expect(result).toMatchObject({
        kind: 'not_started',
        message: expect.stringContaining('cannot be made'),
      })
    })

    it.each([
      ['an argument with NUL', { command: ['echo', 'a\0b'] }],
      ['a variable with an impossible name', { environment: { 'A-B': '' } }],
      ['nothing', { command: [] }],
    ])('%s', async (_what, changes) => {
      expect((await launch(changes)).kind).toBe('not_started')
    })

    it('what was cancelled before', async () => {
      const result = await launch({ signal: AbortSignal.abort() })
      expect(['cancelled', 'unreachable']).toContain(result.kind)
    })
  })

  describe('who gets in', () => {
    const wrongKey = `SHA256:${createHash('sha256').update('another host').digest('base64').replace('=', '')}`

    it('refuses another host key before it authenticates, and says which one came', async () => {
      const fresh = await startServer()
      const { port, privateKeyPath, hostKeySha256 } = fresh
      const dialled = target({ port, privateKeyPath, hostKeySha256 })
      const refused = await launch({}, { ...dialled, hostKeySha256: wrongKey })
      expect(refused).toMatchObject({
        kind: 'unreachable',
        failure: { kind: 'host_key_mismatch', shownHostKeySha256: hostKeySha256 },
      })
      expect(JSON.stringify(refused)).toContain(`ssh-ed25519 host key ${hostKeySha256}`)
      expect(await launch({}, dialled)).toMatchObject({ kind: 'launched' })
      const accepted = () => fresh.log().match(/Accepted publickey for/g)?.length
      expect(await until('the server tells about the login', accepted)).toBe(1)
      await ssh.close()
      await fresh.stop()
    })

    it('fails with the wrong client key', async () => {
      const keys = await createSshKeys()
      const refused = await launch({}, target({ privateKeyPath: keys.clientKeyPath }))
      expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'authentication_failed' } })
      rmSync(keys.directory, { recursive: true })
    })

    it('fails with a key file that is none, or is not there', async () => {
      writeFileSync(join(directory, 'key'), 'not a key')
      for (const name of ['key', 'missing']) {
        const refused = await launch({}, target({ privateKeyPath: join(directory, name) }))
        expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'key_unreadable' } })
      }
    })

    it('fails without an agent', async () => {
      const silent = createSsh({ agentSocket: join(directory, 'agent') })
      for (const each of [ssh, silent]) {
        const refused = await each.kill(target({ privateKeyPath: null }), folder())
        expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'agent_unavailable' } })
      }
      await silent.close()
    })

    it('checks a host', async () => {
      const root = join(directory, 'runs')
      const request = { root, command: ['sh'], workdir: directory, environment: { A: 'b' } }
      const shownHostKeySha256 = server.hostKeySha256
      const survey = {
        clockSkewSeconds: 0,
        freeDiskBytes: expect.any(Number) as unknown,
        user: server.user,
        system: execFileSync('uname', ['-srm'], { encoding: 'utf8' }).trim(),
      }
      const found = await ssh.check(target(), request)
      expect(found).toEqual({
        failure: null,
        shownHostKeySha256,
        examination: { launcher: null, command: 'ready', survey },
      })
      expect(found.examination?.survey?.freeDiskBytes).toBeGreaterThan(0)
      // The trial run leaves nothing behind.
      expect(readdirSync(root)).toEqual([])
      expect(await ssh.check(target({ hostKeySha256: wrongKey }), request)).toMatchObject({
        failure: { kind: 'host_key_mismatch' },
        shownHostKeySha256,
        examination: null,
      })
    })

    it('finds in a check what keeps runs from working', async () => {
      const request = { root: join(directory, 'runs'), command: ['sh'], workdir: null, environment: {} }
      const examine = async (changes: Partial<typeof request | { workdir: string }>) =>
        (await ssh.check(target(), { ...request, ...changes })).examination
      expect(await examine({ command: ['no-such-program'] })).toMatchObject({
        launcher: null,
        command: { kind: 'command_not_found' },
      })
      expect(await examine({ workdir: join(directory, 'nowhere') })).toMatchObject({
        launcher: null,
        command: { kind: 'workdir_missing' },
      })
      writeFileSync(join(directory, 'file'), '')
      expect(await examine({ root: join(directory, 'file', 'runs') })).toMatchObject({
        launcher: expect.stringContaining('cannot be made') as unknown,
        command: 'ready',
        survey: { user: server.user },
      })
    })
  })

  const family =
    'sh -c "sleep 300 & echo \\$! > $1/grandchild; wait" & echo $! > "$1"/child; echo $$ > "$1"/parent; wait'

  describe('killing', () => {
    it('ends the command with its grandchildren, and sees them gone, over any connection', async () => {
      const one = await start({ command: sh(family, directory) })
      const pids = await Promise.all(['parent', 'child', 'grandchild'].map(pidIn))
      expect(pids.every(isAlive)).toBe(true)
      const other = createSsh({ killGraceSeconds: 0.3 })
      expect(await other.kill(target(), one)).toEqual({ kind: 'gone' })
      await other.close()
      expect(pids.some(isAlive)).toBe(false)
      expect(await follow(one)).toMatchObject({ result: { kind: 'exited', timedOut: false } })
    })

    it('ends what ignores the polite signal, and its last words remain', async () => {
      const stubborn = 'trap "echo no" TERM; echo $$ > "$1"/pid; while :; do sleep 0.01; done'
      const one = await start({ command: sh(stubborn, directory) })
      const pid = await pidIn('pid')
      expect(await ssh.kill(target(), one)).toEqual({ kind: 'gone' })
      expect(isAlive(pid)).toBe(false)
      expect((await follow(one)).output).toContain('no\n')
    })

    it('ends a child that moved to a group of its own', async () => {
      const script = 'set -m; sleep 300 & echo $! > "$1"/child; wait'
      const one = await start({ command: ['bash', '-c', script, 'bash', directory] })
      const child = await pidIn('child')
      expect(await ssh.kill(target(), one)).toEqual({ kind: 'gone' })
      expect(isAlive(child)).toBe(false)
    })

    it('of a run that never started keeps it from ever starting', async () => {
      const one = folder()
      expect(await ssh.kill(target(), one)).toEqual({ kind: 'gone' })
      expect(await launch(one)).toEqual({ kind: 'already' })
    })
  })

  describe('connections', () => {
    it('carry twelve followers at once, though the server allows ten channels on each', async () => {
      const proxy = await startTcpProxy(server.port)
      const through = target({ port: proxy.port })
      const wait = sh('echo begun; while [ ! -e "$1"/go ]; do sleep 0.01; done', directory)
      let begun = 0
      const runs = await Promise.all(Array.from({ length: 12 }, () => start({ command: wait }, through)))
      const following = runs.map((one) =>
        follow(
          one,
          {
            onOutput: () => {
              begun += 1
              return Promise.resolve()
            },
          },
          through,
        ),
      )
      await until('all twelve are followed', () => begun === 12)
      expect(proxy.connections()).toBe(2)
      writeFileSync(join(directory, 'go'), '')
      for (const each of following) expect((await each).result).toEqual(exited(0))
      await ssh.close()
      await proxy.stop()
    })

    it('that are cut, time after time, leave the run alone, and cost no byte', async () => {
      const proxy = await startTcpProxy(server.port)
      const through = target({ port: proxy.port })
      const count = 'i=0; while [ $i -lt 4000 ]; do echo "line $i €"; i=$((i + 1)); done'
      const one = await start({ command: sh(count) }, through)
      const pieces: Buffer[] = []
      let cuts = 0
      for (;;) {
        const { result } = await follow(
          one,
          {
            offset: Buffer.concat(pieces).length,
            onOutput: (bytes) => {
              // Not all of what came with this packet was wanted yet: it comes again.
              pieces.push(bytes.subarray(0, 7001))
              if (cuts < 5) proxy.cut()
              return bytes.length > 7001 ? Promise.reject(new Error('enough')) : Promise.resolve()
            },
          },
          through,
        )
        if (result.kind === 'exited') break
        expect(['cut', 'stopped']).toContain(result.kind)
        cuts += 1
      }
      const lines = Array.from({ length: 4000 }, (_, index) => `line ${index} €\n`).join('')
      expect(cuts).toBeGreaterThan(4)
      expect(Buffer.concat(pieces).toString() === lines).toBe(true)
      await ssh.close()
      await proxy.stop()
    })

    it('that are cut before the command was told to go prove that it never ran', async () => {
      const proxy = await startTcpProxy(server.port)
      const result = await launch(
        {
          command: sh('touch "$1"/ran', directory),
          onReady: async () => {
            proxy.cut()
            await until('the connection is gone on both sides', () => proxy.connections() === 0)
            // Our side hears of it on the way.
            await run({ command: ['true'] })
          },
        },
        target({ port: proxy.port }),
      )
      expect(result).toMatchObject({ kind: 'not_started' })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
      await ssh.close()
      await proxy.stop()
    })

    it('close when nobody has used them for a while', async () => {
      const brief = createSsh({ idleSeconds: 0.05 })
      const proxy = await startTcpProxy(server.port)
      await brief.kill(target({ port: proxy.port }), folder())
      await until('the connection is closed', () => proxy.connections() === 0)
      await brief.close()
      await proxy.stop()
    })
  })
})

describe('a host that does not answer', () => {
  const anyRun = { root: null, id: 'run-1' }
  const unknown = { id: 'host', address: '127.0.0.1', user: 'nobody', hostKeySha256: 'SHA256:none' }

  /** Accepts connections and says nothing. */
  async function startMute() {
    const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    return { server, port: (server.address() as AddressInfo).port }
  }

  async function withKey(use: (privateKeyPath: string) => Promise<void>) {
    const keys = await createSshKeys()
    await use(keys.clientKeyPath)
    rmSync(keys.directory, { recursive: true })
  }

  it('is unreachable when its port is closed', () =>
    withKey(async (privateKeyPath) => {
      const { server, port } = await startMute()
      server.close()
      await once(server, 'close')
      const refused = await createSsh().kill({ ...unknown, port, privateKeyPath }, anyRun)
      expect(refused).toMatchObject({
        kind: 'unreachable',
        failure: { kind: 'unreachable' },
      })
    }))

  it('times out when it accepts and stays silent, and no connection is left', () =>
    withKey(async (privateKeyPath) => {
      const { server, port } = await startMute()
      const refused = await createSsh({ dialTimeoutSeconds: 0.1 }).kill(
        { ...unknown, port, privateKeyPath },
        anyRun,
      )
      expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'timed_out' } })
      server.close()
      await once(server, 'close')
    }))

  it('can be given up on, and no connection is left', () =>
    withKey(async (privateKeyPath) => {
      const { server, port } = await startMute()
      const cancel = new AbortController()
      const dialling = createSsh().follow(
        { ...unknown, port, privateKeyPath },
        { ...anyRun, offset: 0, onOutput: () => Promise.resolve(), signal: cancel.signal },
      )
      await once(server, 'connection')
      cancel.abort()
      expect(await dialling).toMatchObject({ kind: 'unreachable', failure: { kind: 'cancelled' } })
      server.close()
      await once(server, 'close')
    }))
})

describe('a server that opens one channel on each connection', () => {
  it('gets a connection for each follower, and one to kill over', async () => {
    const server = await startSshd({ config: ['MaxSessions 1'] })
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-run-'))
    const ssh = createSsh({ killGraceSeconds: 0.3 })
    const { address, port, user, privateKeyPath, hostKeySha256 } = server
    const target = { id: 'host', address, port, user, privateKeyPath, hostKeySha256 }
    const one = { root: join(directory, 'runs'), id: 'run-1' }
    const launched = await ssh.launch(target, {
      ...one,
      command: ['sh', '-c', 'echo begun; exec sleep 300'],
      workdir: null,
      environment: {},
      prompt: '',
      timeoutSeconds: 30,
      signal: never,
    })
    expect(launched.kind).toBe('launched')
    const begun = createGate()
    const following = ssh.follow(target, {
      ...one,
      offset: 0,
      onOutput: () => {
        begun.open()
        return Promise.resolve()
      },
      signal: never,
    })
    await begun.opened
    expect(await ssh.kill(target, one)).toEqual({ kind: 'gone' })
    expect(await following).toMatchObject({ kind: 'exited', code: 143 })
    await ssh.close()
    await server.stop()
    rmSync(directory, { recursive: true })
  })
})
