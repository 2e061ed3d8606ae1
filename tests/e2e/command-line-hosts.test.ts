import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { buildCommandLine, onTerminal, switchyard } from '../support/command-line.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { ADMIN_TOKEN, startStack, type Stack } from '../support/stack.ts'

const OTHER_KEY = `SHA256:${'B'.repeat(43)}`

describe('switchyard hosts, with a dispatcher and OpenSSH', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd(), buildCommandLine()])
    stack = await startStack({ databaseUrl: database.connectionString })
    await stack.startDispatcher()
  })
  afterAll(async () => {
    await stack.stop()
    await sshd.stop()
    await database.drop()
  })

  const options = () => ({
    directory: stack.directory,
    env: { SWITCHYARD_URL: stack.urls[0] ?? '', SWITCHYARD_TOKEN: ADMIN_TOKEN },
  })
  const add = (id: string, ...rest: string[]): string[] => [
    ...['hosts', 'add', id, `${sshd.user}@${sshd.address}`, '--port', String(sshd.port)],
    ...['--key', sshd.privateKeyPath, ...rest, '--', 'sh', '-c', 'cat'],
  ]
  const run = (...args: string[]) => switchyard(args, options())

  it('shows the key that the host has, and adds it only when that is said to be the right one', async () => {
    const id = `host-${randomUUID()}`
    const doubtful = onTerminal(add(id, '--no-color'), options())
    await doubtful.untilShown('Is it the same? [y/N]')
    expect(doubtful.output()).toContain(`${id} shows the key ${sshd.hostKeySha256}.`)
    doubtful.type('n\n')
    expect(await doubtful.ended).toBe(1)
    expect(doubtful.output()).toContain('nothing was added')
    expect((await run('hosts', 'show', id)).code).toBe(5)

    const trusting = onTerminal(add(id, '--labels', 'linux', '--no-color'), options())
    await trusting.untilShown('Is it the same? [y/N]')
    trusting.type('yes\n')
    expect(await trusting.ended).toBe(0)
    const shown = await run('hosts', 'show', id, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({
      host_key_sha256: sshd.hostKeySha256,
      command: ['sh', '-c', 'cat'],
      labels: ['linux'],
      paused: false,
      blocked_reason: null,
    })
    expect((await run('hosts', 'list')).stdout).toMatch(new RegExp(`${id} +on +0/1 `))
    expect((await run('hosts', 'check', id)).stdout).toMatch(/^ok {6} connection .*\nok {6} host_key /)
    expect((await run('hosts', 'pause', id)).stdout).toBe(`${id} gets no new task.\n`)
    expect((await run(...add(id))).code).toBe(6)
    expect((await run('hosts', 'delete', id)).code).toBe(0)
  })

  it('takes the fingerprint as a flag, and refuses a host that shows another', async () => {
    const id = `host-${randomUUID()}`
    const unasked = await run(...add(id))
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('Give --accept-fingerprint')])
    const wrong = await run(...add(id, '--accept-fingerprint', OTHER_KEY))
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/problem +host_key/)])
    const right = await run(...add(id, '--replace', '--accept-fingerprint', sshd.hostKeySha256))
    expect([right.code, right.stderr]).toEqual([0, ''])
  })
})
