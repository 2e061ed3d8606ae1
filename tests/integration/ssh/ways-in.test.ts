import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import type { Ssh, SshCheck, SshOptions, SshTarget } from '@switchyard/dispatcher/ssh'
import {
  startLocalSshServer,
  type LocalSshServer,
  type LocalSshServerOptions,
} from '../../../demo/ssh-server.ts'
import { startSshd } from '../../support/sshd.ts'

const wrongKey = `SHA256:${'A'.repeat(43)}`

let directory: string
const open: Ssh[] = []
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'switchyard-ways-'))))
afterEach(async () => {
  await Promise.all(open.splice(0).map((ssh) => ssh.close()))
  rmSync(directory, { recursive: true, force: true })
})

function targetAt(server: LocalSshServer, changes: Partial<SshTarget> = {}): SshTarget {
  const { address, port, user, privateKeyPath, hostKeySha256 } = server
  return { id: 'host', address, port, user, privateKeyPath, hostKeySha256, ...changes }
}

function check(target: SshTarget, options: Partial<SshOptions> = {}): Promise<SshCheck> {
  const ssh = createSsh({ killGraceSeconds: 0.3, ...options })
  open.push(ssh)
  return ssh.check(target, {
    ...{ root: join(directory, 'runs'), command: ['sh'], workdir: null, environment: {} },
  })
}

const good = { failure: null, examination: { launcher: null, command: 'ready' } }

describe.each([
  ['OpenSSH', () => startSshd()],
  ['the in-process server', () => startLocalSshServer()],
])('jump hosts, with %s', (_name, startServer) => {
  let gate: LocalSshServer
  let inner: LocalSshServer
  beforeAll(async () => {
    ;[gate, inner] = await Promise.all([startServer(), startServer()])
  })
  afterAll(() => Promise.all([gate.stop(), inner.stop()]))

  it('reach a host through one, each verified by its own key', async () => {
    const proxyJump = targetAt(gate, { id: 'gate' })
    expect(await check(targetAt(inner, { proxyJump }))).toMatchObject({
      ...good,
      shownHostKeySha256: inner.hostKeySha256,
    })
    expect(gate.log()).toContain('Accepted publickey')
  })

  it('reach a host through a chain, and run something there', async () => {
    const chain = targetAt(inner, { id: 'second', proxyJump: targetAt(gate, { id: 'first' }) })
    const ssh = createSsh({ killGraceSeconds: 0.3 })
    open.push(ssh)
    const run = { root: join(directory, 'runs'), id: 'through-1' }
    const launched = await ssh.launch(targetAt(gate, { proxyJump: chain }), {
      ...run,
      ...{ command: ['cat'], workdir: null, environment: {}, prompt: 'x'.repeat(300_000) },
      ...{ timeoutSeconds: 30, signal: new AbortController().signal },
    })
    expect(launched.kind).toBe('launched')
    let bytes = 0
    const followed = await ssh.follow(targetAt(gate, { proxyJump: chain }), {
      ...run,
      offset: 0,
      onOutput: (piece) => {
        bytes += piece.length
        return Promise.resolve()
      },
      signal: new AbortController().signal,
    })
    expect(followed).toMatchObject({ kind: 'exited', code: 0 })
    expect(bytes).toBe(300_000)
  })

  it('are named when they fail, and never take the blame for the host', async () => {
    const strange = await check(
      targetAt(inner, { proxyJump: targetAt(gate, { id: 'gate', hostKeySha256: wrongKey }) }),
    )
    expect(strange).toMatchObject({
      failure: { kind: 'host_key_mismatch', hop: 'gate', message: expect.stringContaining('jump host gate') },
      shownHostKeySha256: null,
    })
    const behind = await check(
      targetAt(inner, { hostKeySha256: wrongKey, proxyJump: targetAt(gate, { id: 'gate' }) }),
    )
    expect(behind).toMatchObject({
      failure: { kind: 'host_key_mismatch', message: expect.not.stringContaining('gate') },
      shownHostKeySha256: inner.hostKeySha256,
    })
    const nobody = await check(targetAt(inner, { port: 1, proxyJump: targetAt(gate, { id: 'gate' }) }))
    expect(nobody.failure).toMatchObject({
      kind: 'unreachable',
      hop: 'gate',
      message: expect.stringContaining('the jump host gate does not reach 127.0.0.1:1'),
    })
  })

  it('that fall silent, or forward to silence, are given up in time', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined).resume()).listen(
      0,
      '127.0.0.1',
    )
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const options = { dialTimeoutSeconds: 1 }
    const before = await check(targetAt(inner, { proxyJump: targetAt(gate, { id: 'gate', port }) }), options)
    expect(before.failure).toMatchObject({ kind: 'timed_out', hop: 'gate' })
    const behind = await check(targetAt(inner, { port, proxyJump: targetAt(gate, { id: 'gate' }) }), options)
    expect(behind.failure).toMatchObject({ kind: 'timed_out' })
    expect(behind.failure?.hop).toBeUndefined()
    silent.close()
  })
})

describe('an encrypted key', () => {
  let server: LocalSshServer
  beforeAll(async () => {
    server = await startSshd()
  })
  afterAll(() => server.stop())

  function encryptedKey(): string {
    const path = join(directory, 'key')
    copyFileSync(server.privateKeyPath, path)
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', path])
    return path
  }

  const variable = 'SSH_PASSPHRASE_BUILD'
  const withPassphrase = (passphrase: string | undefined) => ({
    readVariable: (name: string) => (name === variable ? passphrase : undefined),
  })

  it('is opened with the passphrase in the variable that the host names', async () => {
    const target = targetAt(server, {
      privateKeyPath: encryptedKey(),
      privateKeyPassphraseVariable: variable,
    })
    expect(await check(target, withPassphrase('open sesame'))).toMatchObject(good)
  })

  it.each<[string, string | null, string | undefined, RegExp]>([
    ['no variable', null, undefined, /is encrypted: name .* in private_key_passphrase_variable/],
    [
      'a variable that is not set',
      variable,
      undefined,
      /SSH_PASSPHRASE_BUILD is to hold .* no such variable/,
    ],
    ['a wrong passphrase', variable, 'guess', /passphrase in SSH_PASSPHRASE_BUILD does not open/],
  ])(
    'stays closed with %s, and says why',
    async (_name, privateKeyPassphraseVariable, passphrase, message) => {
      const target = targetAt(server, { privateKeyPath: encryptedKey(), privateKeyPassphraseVariable })
      const { failure } = await check(target, withPassphrase(passphrase))
      expect(failure).toMatchObject({ kind: 'key_unreadable', message: expect.stringMatching(message) })
      expect(JSON.stringify(failure)).not.toMatch(/guess|sesame/)
    },
  )

  it('needs no passphrase when it is not encrypted', async () => {
    const target = targetAt(server, { privateKeyPassphraseVariable: variable })
    expect(await check(target, withPassphrase('unneeded'))).toMatchObject(good)
  })
})

describe('a password', () => {
  let server: LocalSshServer
  beforeAll(async () => {
    server = await startLocalSshServer({ password: 'hunter2' })
  })
  afterAll(() => server.stop())

  const variable = 'SSH_PASSWORD_BUILD'
  const byPassword = () => targetAt(server, { privateKeyPath: null, passwordVariable: variable })
  const withPassword = (password: string | undefined) => ({
    allowPasswords: true,
    readVariable: (name: string) => (name === variable ? password : undefined),
  })

  it('lets in where passwords are allowed', async () => {
    expect(await check(byPassword(), withPassword('hunter2'))).toMatchObject(good)
  })

  it('is refused where they are not, before anything is dialled', async () => {
    const { failure } = await check(
      { ...byPassword(), port: 1 },
      { ...withPassword('hunter2'), allowPasswords: false },
    )
    expect(failure).toMatchObject({
      kind: 'password_refused',
      message: expect.stringContaining('SWITCHYARD_ALLOW_PASSWORDS=true'),
    })
  })

  describe('of a server that only asks for it', () => {
    async function askedBy(
      questions: NonNullable<LocalSshServerOptions['questions']>,
      options: Partial<SshOptions>,
    ): Promise<SshCheck> {
      const asking = await startLocalSshServer({ password: 'hunter2', questions })
      try {
        const way = { privateKeyPath: null, passwordVariable: variable }
        return await check(targetAt(asking, way), options)
      } finally {
        await asking.stop()
      }
    }
    const hidden = { prompt: 'Password: ', echo: false }

    it('is the answer to its one question, where passwords are allowed', async () => {
      expect(await askedBy([hidden], withPassword('hunter2'))).toMatchObject(good)
      expect((await askedBy([hidden], withPassword('guess'))).failure?.kind).toBe('authentication_failed')
      const refused = await askedBy([hidden], { ...withPassword('hunter2'), allowPasswords: false })
      expect(refused.failure?.kind).toBe('password_refused')
    })

    it('is no answer to a question that shows it, or to one of several', async () => {
      const shown = await askedBy([{ ...hidden, echo: true }], withPassword('hunter2'))
      expect(shown.failure?.kind).toBe('authentication_failed')
      const several = await askedBy([hidden, { prompt: 'Code: ', echo: false }], withPassword('hunter2'))
      expect(several.failure?.kind).toBe('authentication_failed')
    })
  })

  it('that is missing or wrong is said to be', async () => {
    expect((await check(byPassword(), withPassword(undefined))).failure).toMatchObject({
      kind: 'password_refused',
      message: expect.stringContaining('no such variable'),
    })
    const { failure } = await check(byPassword(), withPassword('guess'))
    expect(failure).toMatchObject({
      kind: 'authentication_failed',
      message: expect.stringContaining('refused the password'),
    })
    expect(failure?.message).not.toContain('guess')
  })
})
