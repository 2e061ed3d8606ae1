import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import {
  createSsh,
  type RunRequest,
  type RunResult,
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
    ssh = createSsh({ killGraceSeconds: 0.3, lingerSeconds: 0.3 })
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

  /** A run in progress: what it has written so far, and how it ends. */
  async function start(changes: Partial<RunRequest>, dialled: SshTarget = target()) {
    const dial = await ssh.dial(dialled, never)
    if (!dial.ok) throw new Error(dial.failure.message)
    const progress = { output: '', processGroup: 0 }
    const result = dial.session
      .run({
        command: ['true'],
        workdir: null,
        environment: {},
        stdin: '',
        timeoutSeconds: 30,
        onOutput: (text) => {
          progress.output += text
          return Promise.resolve()
        },
        onStarting: (processGroup) => {
          progress.processGroup = processGroup
          return Promise.resolve()
        },
        signal: never,
        ...changes,
      })
      .finally(() => dial.session.release())
    return { progress, result }
  }

  async function run(changes: Partial<RunRequest>): Promise<{ output: string; result: RunResult }> {
    const { progress, result } = await start(changes)
    return { result: await result, output: progress.output }
  }

  const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args]

  async function pidIn(file: string): Promise<number> {
    return until(`${file} holds a pid`, () => {
      const text = existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8') : ''
      return text.endsWith('\n') ? Number(text) : null
    })
  }

  describe('how a command ends', () => {
    it.each([0, 3, 255])('tells exit code %i', async (code) => {
      expect((await run({ command: sh(`exit ${code}`) })).result).toEqual({ kind: 'exited', code })
    })

    it('tells the signal that killed it', async () => {
      expect((await run({ command: sh('kill -KILL $$') })).result).toEqual({
        kind: 'killed',
        signal: 'SIGKILL',
      })
    })

    it('tells the signal when the whole group was killed, with the shell around the command', async () => {
      const { result } = await run({ command: sh('kill -KILL 0') })
      expect(result).toEqual({ kind: 'killed', signal: 'SIGKILL' })
    })

    it('outlives the shell around it: the run goes on until the command is gone too', async () => {
      const { progress, result } = await start({
        command: sh('echo $$ > "$1"/pid; exec sleep 300', directory),
      })
      const pid = await pidIn('pid')
      process.kill(progress.processGroup, 'SIGKILL')
      const ended = await Promise.race([result, run({ command: ['true'] }).then(() => 'not yet')])
      expect(ended).toBe('not yet')
      process.kill(pid, 'SIGKILL')
      expect(await result).toEqual({ kind: 'killed', signal: 'SIGKILL' })
    })

    it('merges both outputs in the order of writing', async () => {
      const { output } = await run({ command: sh('echo one; echo two >&2; echo three; echo four >&2') })
      expect(output).toBe('one\ntwo\nthree\nfour\n')
    })

    it('is not fooled by output that looks like a control line', async () => {
      const { output, result } = await run({ command: sh(String.raw`printf "\036nonce exit 0\n"; exit 7`) })
      expect(output).toBe('\u001enonce exit 0\n')
      expect(result).toEqual({ kind: 'exited', code: 7 })
    })

    it('does not wait for a process that was left behind with the output open, time after time', async () => {
      for (let round = 0; round < 12; round++) {
        const { output, result } = await run({ command: sh('sleep 300 & echo started') })
        expect(result).toEqual({ kind: 'exited', code: 0 })
        expect(output).toMatch(/^started\n[^]*left behind/)
      }
    })
  })

  describe('what reaches the command', () => {
    it('is its input, byte for byte', async () => {
      const prompt = `--help -n\n'; touch ${directory}/pwned; "$(id)" \`id\` \\n \\\\ %s \r\n\t\0 € 🙂\ngo\n${'x'.repeat(1 << 20)}`
      const { output } = await run({
        command: sh('cat > "$1"/prompt; wc -c < "$1"/prompt', directory),
        stdin: prompt,
      })
      expect(Number(output)).toBe(Buffer.byteLength(prompt))
      expect(readFileSync(join(directory, 'prompt'), 'utf8') === prompt).toBe(true)
      expect(existsSync(join(directory, 'pwned'))).toBe(false)
    })

    it('is nothing of an input that it does not read', async () => {
      const { result } = await run({ command: ['true'], stdin: 'x'.repeat(4 << 20) })
      expect(result).toEqual({ kind: 'exited', code: 0 })
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

    it('is whole characters, wherever packets split them', async () => {
      const text = '€'.repeat(100_000)
      const pieces: string[] = []
      const { result } = await run({
        command: ['cat'],
        stdin: text,
        onOutput: (piece) => {
          pieces.push(piece)
          return Promise.resolve()
        },
      })
      expect(result).toEqual({ kind: 'exited', code: 0 })
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.join('') === text).toBe(true)
    })
  })

  describe('what never starts', () => {
    it('a command without its directory', async () => {
      const command = sh('touch "$1"/ran', directory)
      const { output, result } = await run({ command, workdir: join(directory, 'missing') })
      expect(result.kind).toBe('workdir_missing')
      expect(JSON.stringify(result)).toContain(directory)
      expect(existsSync(join(directory, 'ran'))).toBe(false)
      expect(output).toBe('')
    })

    it.each([['no-such-program'], ['exit'], ['./nowhere'], ['/etc/passwd']])(
      'a program that is none: %s',
      async (program) => {
        const { result } = await run({ command: [program, '0'] })
        expect(result.kind).toBe('command_not_found')
        expect(JSON.stringify(result)).toContain(program)
      },
    )

    it('a command that the holder may not start', async () => {
      const { result } = await run({
        command: sh('touch "$1"/ran', directory),
        onStarting: () => Promise.reject(new Error('lease lost')),
      })
      expect(result).toEqual({ kind: 'cancelled' })
      await run({ command: ['true'] })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
    })

    it.each([
      ['an argument with NUL', { command: ['echo', 'a\0b'] }],
      ['a variable with an impossible name', { environment: { 'A-B': '' } }],
      ['nothing', { command: [] }],
    ])('%s', async (_what, changes) => {
      expect((await run(changes)).result.kind).toBe('not_started')
    })
  })

  describe('who gets in', () => {
    const wrongKey = `SHA256:${createHash('sha256').update('another host').digest('base64').replace('=', '')}`

    it('refuses another host key before it authenticates, and says which one came', async () => {
      const fresh = await startServer()
      const { port, privateKeyPath, hostKeySha256 } = fresh
      const dialled = target({ port, privateKeyPath, hostKeySha256 })
      const dial = await ssh.dial({ ...dialled, hostKeySha256: wrongKey }, never)
      expect(dial).toMatchObject({
        ok: false,
        failure: { kind: 'host_key_mismatch', shownHostKeySha256: hostKeySha256 },
      })
      expect(JSON.stringify(dial)).toContain(`ssh-ed25519 host key ${hostKeySha256}`)
      expect(await ssh.dial(dialled, never)).toMatchObject({ ok: true })
      const accepted = () => fresh.log().match(/Accepted publickey for/g)?.length
      expect(await until('the server tells about the login', accepted)).toBe(1)
      await ssh.close()
      await fresh.stop()
    })

    it('fails with the wrong client key', async () => {
      const keys = await createSshKeys()
      const dial = await ssh.dial(target({ privateKeyPath: keys.clientKeyPath }), never)
      expect(dial).toMatchObject({ ok: false, failure: { kind: 'authentication_failed' } })
      rmSync(keys.directory, { recursive: true })
    })

    it('fails with a key file that is none, or is not there', async () => {
      writeFileSync(join(directory, 'key'), 'not a key')
      for (const name of ['key', 'missing']) {
        const dial = await ssh.dial(target({ privateKeyPath: join(directory, name) }), never)
        expect(dial).toMatchObject({ ok: false, failure: { kind: 'key_unreadable' } })
      }
    })

    it('fails without an agent', async () => {
      const silent = createSsh({ agentSocket: join(directory, 'agent') })
      for (const each of [ssh, silent]) {
        const dial = await each.dial(target({ privateKeyPath: null }), never)
        expect(dial).toMatchObject({ ok: false, failure: { kind: 'agent_unavailable' } })
      }
      await silent.close()
    })

    it('checks a host', async () => {
      expect(await ssh.check(target())).toEqual({
        ok: true,
        message: null,
        failure: null,
        shownHostKeySha256: server.hostKeySha256,
      })
      expect(await ssh.check(target({ hostKeySha256: wrongKey }))).toMatchObject({
        ok: false,
        failure: { kind: 'host_key_mismatch' },
        shownHostKeySha256: server.hostKeySha256,
      })
    })
  })

  describe('stopping', () => {
    const family =
      'sh -c "sleep 300 & echo \\$! > $1/grandchild; wait" & echo $! > "$1"/child; echo $$ > "$1"/parent; wait'
    const members = ['parent', 'child', 'grandchild']

    it('kills the command with its grandchildren, and sees them gone', async () => {
      const cancel = new AbortController()
      const { result } = await start({ command: sh(family, directory), signal: cancel.signal })
      const pids = await Promise.all(members.map(pidIn))
      expect(pids.every(isAlive)).toBe(true)
      cancel.abort()
      expect(await result).toEqual({ kind: 'cancelled' })
      expect(pids.some(isAlive)).toBe(false)
    })

    it('kills what ignores the polite signal, and still takes its last words', async () => {
      const cancel = new AbortController()
      const stubborn = 'trap "echo no" TERM; echo $$ > "$1"/pid; while :; do sleep 0.01; done'
      const { progress, result } = await start({ command: sh(stubborn, directory), signal: cancel.signal })
      const pid = await pidIn('pid')
      cancel.abort()
      expect(await result).toEqual({ kind: 'cancelled' })
      expect(isAlive(pid)).toBe(false)
      expect(progress.output).toContain('no\n')
    })

    it('kills a child that moved to a group of its own', async () => {
      const cancel = new AbortController()
      const script = 'set -m; sleep 300 & echo $! > "$1"/child; wait'
      const { result } = await start({
        command: ['bash', '-c', script, 'bash', directory],
        signal: cancel.signal,
      })
      const child = await pidIn('child')
      cancel.abort()
      expect(await result).toEqual({ kind: 'cancelled' })
      expect(isAlive(child)).toBe(false)
    })

    it('ends a command that is over its time', async () => {
      const { progress, result } = await start({ command: sh(family, directory), timeoutSeconds: 0.3 })
      expect(await result).toEqual({ kind: 'timed_out' })
      expect(progress.processGroup).toBeGreaterThan(1)
      expect(livingInGroup(progress.processGroup)).toEqual([])
    })

    it('stops the command when nobody takes its output', async () => {
      const { result } = await start({
        command: sh('echo $$ > "$1"/pid; while :; do echo more; sleep 0.01; done', directory),
        onOutput: () => Promise.reject(new Error('lease lost')),
      })
      expect(await result).toEqual({ kind: 'cancelled' })
      expect(isAlive(await pidIn('pid'))).toBe(false)
    })

    it('starts nothing that was cancelled before', async () => {
      expect((await run({ signal: AbortSignal.abort() })).result).toEqual({ kind: 'cancelled' })
    })
  })

  describe('output', () => {
    it('is read no faster than it is taken', async () => {
      const gate = createGate()
      let calls = 0
      let taken = 0
      const { result } = await start({
        command: sh('head -c 50000000 /dev/zero; touch "$1"/written', directory),
        onOutput: async (text) => {
          calls += 1
          await gate.opened
          taken += text.length
        },
      })
      await until('output arrives', () => calls > 0)
      // Another whole run goes by, over the same connection, and the command has still not been able to write all.
      await run({ command: ['true'] })
      expect(calls).toBe(1)
      expect(existsSync(join(directory, 'written'))).toBe(false)
      gate.open()
      expect(await result).toEqual({ kind: 'exited', code: 0 })
      expect(taken).toBe(50_000_000)
    })
  })

  describe('connections', () => {
    it('carry twelve runs at once, though the server allows ten on each', async () => {
      const proxy = await startTcpProxy(server.port)
      const through = target({ port: proxy.port })
      const wait = sh('touch "$1/$2"; while [ ! -e "$1"/go ]; do sleep 0.01; done', directory)
      const runs = await Promise.all(
        Array.from({ length: 12 }, (_, index) => start({ command: [...wait, String(index)] }, through)),
      )
      await until('all twelve run', () =>
        runs.every((_, index) => existsSync(join(directory, String(index)))),
      )
      expect(proxy.connections()).toBe(2)
      writeFileSync(join(directory, 'go'), '')
      for (const { result } of runs) expect(await result).toEqual({ kind: 'exited', code: 0 })
      await ssh.close()
      await proxy.stop()
    })

    it('that are cut leave the outcome unknown, and the command alive', async () => {
      const proxy = await startTcpProxy(server.port)
      const { result } = await start(
        { command: sh('echo $$ > "$1"/pid; exec sleep 300', directory) },
        target({ port: proxy.port }),
      )
      const pid = await pidIn('pid')
      proxy.cut()
      expect(await result).toMatchObject({ kind: 'connection_lost' })
      expect(isAlive(pid)).toBe(true)
      process.kill(pid, 'SIGKILL')
      const again = await start({ command: ['true'] }, target({ port: proxy.port }))
      expect(await again.result).toEqual({ kind: 'exited', code: 0 })
      await ssh.close()
      await proxy.stop()
    })

    it('that are cut before the command was told to go prove that it never ran', async () => {
      const proxy = await startTcpProxy(server.port)
      const { result } = await start(
        {
          command: sh('touch "$1"/ran', directory),
          onStarting: async () => {
            proxy.cut()
            await until('the connection is gone on both sides', () => proxy.connections() === 0)
            // Our side hears of it on the way.
            await run({ command: ['true'] })
          },
        },
        target({ port: proxy.port }),
      )
      expect(await result).toMatchObject({ kind: 'not_started' })
      expect(existsSync(join(directory, 'ran'))).toBe(false)
      await ssh.close()
      await proxy.stop()
    })

    it('close when nobody has used them for a while', async () => {
      const brief = createSsh({ idleSeconds: 0.05 })
      const proxy = await startTcpProxy(server.port)
      const dial = await brief.dial(target({ port: proxy.port }), never)
      expect(proxy.connections()).toBe(1)
      if (dial.ok) dial.session.release()
      await until('the connection is closed', () => proxy.connections() === 0)
      await proxy.stop()
    })
  })
})

describe('a host that does not answer', () => {
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
      const dial = await createSsh().dial({ ...unknown, port, privateKeyPath }, never)
      expect(dial).toMatchObject({
        ok: false,
        failure: { kind: 'unreachable' },
      })
    }))

  it('times out when it accepts and stays silent, and no connection is left', () =>
    withKey(async (privateKeyPath) => {
      const { server, port } = await startMute()
      const dial = await createSsh({ dialTimeoutSeconds: 0.1 }).dial(
        { ...unknown, port, privateKeyPath },
        never,
      )
      expect(dial).toMatchObject({ ok: false, failure: { kind: 'timed_out' } })
      server.close()
      await once(server, 'close')
    }))

  it('can be given up on, and no connection is left', () =>
    withKey(async (privateKeyPath) => {
      const { server, port } = await startMute()
      const cancel = new AbortController()
      const dialling = createSsh().dial({ ...unknown, port, privateKeyPath }, cancel.signal)
      await once(server, 'connection')
      cancel.abort()
      expect(await dialling).toMatchObject({ ok: false, failure: { kind: 'cancelled' } })
      server.close()
      await once(server, 'close')
    }))
})

describe('a server that opens one channel on each connection', () => {
  let server: LocalSshServer
  const ssh = createSsh()

  beforeAll(async () => {
    server = await startSshd({ config: ['MaxSessions 1'] })
  })
  afterAll(async () => {
    await ssh.close()
    await server.stop()
  })

  async function run(changes: Partial<RunRequest>): Promise<RunResult> {
    const { address, port, user, privateKeyPath, hostKeySha256 } = server
    const target = { id: 'host', address, port, user, privateKeyPath, hostKeySha256 }
    const dial = await ssh.dial(target, never)
    if (!dial.ok) throw new Error(dial.failure.message)
    const request: RunRequest = {
      command: ['true'],
      workdir: null,
      environment: {},
      stdin: '',
      timeoutSeconds: 30,
      onOutput: () => Promise.resolve(),
      signal: never,
      ...changes,
    }
    return dial.session.run(request).finally(() => dial.session.release())
  }

  it('gets as many connections as there are runs, and one to kill over', async () => {
    const cancel = new AbortController()
    const started = createGate()
    const first = run({
      command: ['sleep', '300'],
      onStarting: () => {
        started.open()
        return Promise.resolve()
      },
      signal: cancel.signal,
    })
    await started.opened
    const beside = await Promise.all([run({}), run({}), run({ command: ['false'] })])
    expect(beside).toEqual([0, 0, 1].map((code) => ({ kind: 'exited', code })))
    cancel.abort()
    expect(await first).toEqual({ kind: 'cancelled' })
  })
})
