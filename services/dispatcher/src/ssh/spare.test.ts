import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import type { ClientChannel } from 'ssh2'
import type { Connection, ExecuteResult } from './connection.ts'
import { Pool } from './pool.ts'
import { Spare } from './spare.ts'

const never = new AbortController().signal

function fakeChannel() {
  const channel = Object.assign(new PassThrough(), {
    stderr: new PassThrough(),
    isClosed: false,
    close() {
      channel.isClosed = true
      channel.emit('close')
    },
  })
  return channel
}

/** A pool with one connection of two places, whose channels open when the test says so. */
async function createSpare(seconds = 30) {
  const opened: ((result: ExecuteResult) => void)[] = []
  let dials = 0
  const connection: Connection = {
    execute: () => new Promise((resolve) => opened.push(resolve)),
    forward: () => Promise.reject(new Error('nobody asks for it')),
    onClosed: () => undefined,
    end: () => undefined,
  }
  const pool = new Pool<Connection>(
    () => Promise.resolve((dials += 1)).then(() => ({ ok: true, value: connection })),
    { channelsPerConnection: 2, idleSeconds: 30 },
  )
  const takePlace = async () => {
    const taken = await pool.take(never)
    if (!taken.ok) throw new Error(taken.failure.message)
    return taken.value
  }
  const spare = new Spare(pool, seconds)
  return {
    ...{ spare, takePlace, opened, run: await takePlace(), dials: () => dials },
    open: async (index: number) => {
      const channel = fakeChannel()
      opened[index]?.({ ok: true, channel: channel as unknown as ClientChannel })
      await settled()
      return channel
    },
  }
}

/** Lets everything that waits only for promises go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('Spare', () => {
  it('opens one channel, however often it is asked, and gives it to one', async () => {
    const { spare, opened, open } = await createSpare()
    void spare.provide()
    void spare.provide()
    expect(spare.take()).toBeNull()
    const channel = await open(0)
    expect(opened).toHaveLength(1)
    expect(spare.take()?.channel.isOver).toBe(false)
    expect(spare.take()).toBeNull()
    expect(channel.isClosed).toBe(false)
  })

  it('keeps its place for whoever took the channel, until that one gives it back', async () => {
    const { spare, open, takePlace, dials } = await createSpare()
    void spare.provide()
    await open(0)
    const taken = spare.take()
    const next = takePlace()
    await settled()
    expect(dials()).toBe(2)
    await next
    taken?.place.release()
    await takePlace()
    expect(dials()).toBe(2)
  })

  it('gives way to whoever needs its place', async () => {
    const { spare, open, takePlace, dials } = await createSpare()
    void spare.provide()
    const channel = await open(0)
    await takePlace()
    expect({ dials: dials(), closed: channel.isClosed }).toEqual({ dials: 1, closed: true })
    expect(spare.take()).toBeNull()
  })

  it('gives way also while its channel is being opened', async () => {
    const { spare, open, takePlace, dials } = await createSpare()
    void spare.provide()
    await takePlace()
    const channel = await open(0)
    expect({ dials: dials(), closed: channel.isClosed }).toEqual({ dials: 1, closed: true })
    expect(spare.take()).toBeNull()
  })

  it('opens none when there is no place for it', async () => {
    const { spare, opened, takePlace, dials } = await createSpare()
    await takePlace()
    await spare.provide()
    expect({ dials: dials(), opened: opened.length }).toEqual({ dials: 1, opened: 0 })
  })

  it('forgets a channel that was refused or closed, and opens another one', async () => {
    const { spare, opened, open } = await createSpare()
    void spare.provide()
    opened[0]?.({ ok: false, message: 'no more sessions' })
    await settled()
    void spare.provide()
    const channel = await open(1)
    channel.emit('close')
    await settled()
    expect(spare.take()).toBeNull()
    void spare.provide()
    await open(2)
    expect(spare.take()).not.toBeNull()
  })

  it('closes a channel that nobody takes', async () => {
    const { spare, open } = await createSpare(0)
    void spare.provide()
    const channel = await open(0)
    const keepAlive = setTimeout(() => undefined, 5000)
    // Its time may have passed before there was time to listen.
    if (!channel.isClosed) await new Promise((resolve) => channel.once('close', resolve))
    clearTimeout(keepAlive)
    expect(spare.take()).toBeNull()
  })
})
