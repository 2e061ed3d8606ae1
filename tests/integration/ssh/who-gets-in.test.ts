import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import { createSshKeys } from '../../../demo/ssh-server.ts'
import { describeSsh } from '../../support/ssh-stage.ts'
import { until } from '../../support/until.ts'

describeSsh('who gets in', (stage) => {
  const { target, folder, launch } = stage

  const wrongKey = `SHA256:${createHash('sha256').update('another host').digest('base64').replace('=', '')}`

  it('refuses another host key before it authenticates, and says which one came', async () => {
    const fresh = await stage.startServer()
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
    await stage.ssh.close()
    await fresh.stop()
  })

  it('fails with the wrong client key', async () => {
    const keys = await createSshKeys()
    const refused = await launch({}, target({ privateKeyPath: keys.clientKeyPath }))
    expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'authentication_failed' } })
    rmSync(keys.directory, { recursive: true })
  })

  it('fails with a key file that is none, or is not there', async () => {
    writeFileSync(join(stage.directory, 'key'), 'not a key')
    for (const name of ['key', 'missing']) {
      const refused = await launch({}, target({ privateKeyPath: join(stage.directory, name) }))
      expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'key_unreadable' } })
    }
  })

  it('fails without an agent', async () => {
    const silent = createSsh({ agentSocket: join(stage.directory, 'agent') })
    for (const each of [stage.ssh, silent]) {
      const refused = await each.kill(target({ privateKeyPath: null }), folder())
      expect(refused).toMatchObject({ kind: 'unreachable', failure: { kind: 'agent_unavailable' } })
    }
    await silent.close()
  })

  it('checks a host', async () => {
    const root = join(stage.directory, 'runs')
    const request = { root, command: ['sh'], workdir: stage.directory, environment: { A: 'b' } }
    const shownHostKeySha256 = stage.server.hostKeySha256
    const survey = {
      clockSkewSeconds: 0,
      freeDiskBytes: expect.any(Number) as unknown,
      user: stage.server.user,
      system: execFileSync('uname', ['-srm'], { encoding: 'utf8' }).trim(),
    }
    const found = await stage.ssh.check(target(), request)
    expect(found).toEqual({
      failure: null,
      shownHostKeySha256,
      examination: { launcher: null, command: 'ready', survey },
    })
    expect(found.examination?.survey?.freeDiskBytes).toBeGreaterThan(0)
    // The trial run leaves nothing behind.
    expect(readdirSync(root)).toEqual([])
    expect(await stage.ssh.check(target({ hostKeySha256: wrongKey }), request)).toMatchObject({
      failure: { kind: 'host_key_mismatch' },
      shownHostKeySha256,
      examination: null,
    })
  })

  it('finds in a check what keeps runs from working', async () => {
    const request = { root: join(stage.directory, 'runs'), command: ['sh'], workdir: null, environment: {} }
    const examine = async (changes: Partial<typeof request | { workdir: string }>) =>
      (await stage.ssh.check(target(), { ...request, ...changes })).examination
    expect(await examine({ command: ['no-such-program'] })).toMatchObject({
      launcher: null,
      command: { kind: 'command_not_found' },
    })
    expect(await examine({ workdir: join(stage.directory, 'nowhere') })).toMatchObject({
      launcher: null,
      command: { kind: 'workdir_missing' },
    })
    writeFileSync(join(stage.directory, 'file'), '')
    expect(await examine({ root: join(stage.directory, 'file', 'runs') })).toMatchObject({
      launcher: expect.stringContaining('cannot be made') as unknown,
      command: 'ready',
      survey: { user: stage.server.user },
    })
  })
})
