import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import { createSshKeys } from '../../../demo/ssh-server.ts'

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
