import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import { createGate } from '../../support/gate.ts'
import { describeSsh, exited, sh } from '../../support/ssh-stage.ts'
import { startSshd } from '../../support/sshd.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

describeSsh('connections', (stage) => {
  const { target, folder, launch, follow, start, run } = stage

  it('carry twelve followers at once, though the server allows ten channels on each', async () => {
    const proxy = await startTcpProxy(stage.server.port)
    const through = target({ port: proxy.port })
    const wait = sh('echo begun; while [ ! -e "$1"/go ]; do sleep 0.01; done', stage.directory)
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
    writeFileSync(join(stage.directory, 'go'), '')
    for (const each of following) expect((await each).result).toEqual(exited(0))
    await stage.ssh.close()
    await proxy.stop()
  })

  it('that are cut, time after time, leave the run alone, and cost no byte', async () => {
    const proxy = await startTcpProxy(stage.server.port)
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
    await stage.ssh.close()
    await proxy.stop()
  })

  it('that are cut before the command was told to go prove that it never ran', async () => {
    const proxy = await startTcpProxy(stage.server.port)
    const result = await launch(
      {
        command: sh('touch "$1"/ran', stage.directory),
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
    expect(existsSync(join(stage.directory, 'ran'))).toBe(false)
    await stage.ssh.close()
    await proxy.stop()
  })

  it('close when nobody has used them for a while', async () => {
    const brief = createSsh({ idleSeconds: 0.05 })
    const proxy = await startTcpProxy(stage.server.port)
    await brief.kill(target({ port: proxy.port }), folder())
    await until('the connection is closed', () => proxy.connections() === 0)
    await brief.close()
    await proxy.stop()
  })
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
      signal: new AbortController().signal,
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
      signal: new AbortController().signal,
    })
    await begun.opened
    expect(await ssh.kill(target, one)).toEqual({ kind: 'gone' })
    expect(await following).toMatchObject({ kind: 'exited', code: 143 })
    await ssh.close()
    await server.stop()
    rmSync(directory, { recursive: true })
  })
})

// Only OpenSSH says which sessions it begins.
const describeOpenSsh = existsSync('/usr/sbin/sshd') ? describe : describe.skip

describeOpenSsh('a host that has just started a run', () => {
  it('has a channel open for the next, which waits for nothing but its preparation', async () => {
    const server = await startSshd()
    const ssh = createSsh()
    const root = mkdtempSync(join(tmpdir(), 'switchyard-spare-'))
    const sessions = () => (server.log().match(/Starting session: command/g) ?? []).length
    const target = { ...server, id: 'host' }
    const signal = new AbortController().signal
    const launch = (id: string) =>
      ssh.launch(target, {
        ...{ root, id, command: ['echo', id], workdir: null, environment: {}, prompt: '' },
        ...{ timeoutSeconds: 30, signal },
      })
    const outputs: string[] = []
    const follow = (id: string) =>
      ssh.follow(target, {
        ...{ root, id, offset: 0, signal },
        onOutput: (bytes) => Promise.resolve(void outputs.push(bytes.toString())),
      })
    expect(await launch('run-1')).toMatchObject({ kind: 'launched' })
    expect(await follow('run-1')).toEqual(exited(0))
    await until('the launch, the follower and the open channel have begun', () => sessions() === 3)
    // Answers come in the order of the questions: with this one, we know of the open channel.
    expect(await follow('run-1')).toEqual(exited(0))
    expect(sessions()).toBe(4)
    expect(await launch('run-2')).toMatchObject({ kind: 'launched' })
    expect(sessions()).toBe(4)
    expect(await follow('run-2')).toEqual(exited(0))
    expect(outputs).toEqual(['run-1\n', 'run-1\n', 'run-2\n'])
    await ssh.close()
    await server.stop()
    rmSync(root, { recursive: true })
  })
})

// Only root's server lets in anybody else, and only OpenSSH asks the system who that is.
const describeAsRoot = process.getuid?.() === 0 && existsSync('/usr/sbin/sshd') ? describe : describe.skip

describeAsRoot('two users of one host', () => {
  it('have a connection each, and one without a shell keeps nobody else from working', async () => {
    const server = await startSshd()
    const ssh = createSsh()
    const root = mkdtempSync(join(tmpdir(), 'switchyard-users-'))
    const launchAs = (user: string) =>
      ssh.launch(
        { ...server, id: 'host', user },
        {
          ...{ root, id: `${user}-1`, command: ['true'], workdir: null, environment: {}, prompt: '' },
          ...{ timeoutSeconds: 30, signal: new AbortController().signal },
        },
      )
    const results = await Promise.all([launchAs(server.user), launchAs('nobody')])
    expect(results).toMatchObject([{ kind: 'launched' }, { kind: 'not_started' }])
    expect((await launchAs(server.user)).kind).toBe('already')
    const accepted = server.log().match(/Accepted publickey for \w+/g) ?? []
    expect(accepted.sort()).toEqual(['nobody', server.user].map((user) => `Accepted publickey for ${user}`))
    await ssh.close()
    await server.stop()
    rmSync(root, { recursive: true })
  })
})
