import { describe, expect, it } from '@jest/globals'
import { Pool, type Place, type PoolOptions } from './pool.ts'
import type { DialResult } from './target.ts'

const never = new AbortController().signal

class FakeConnection {
  open = true
  readonly #listeners: (() => void)[] = []

  onClosed(listener: () => void): void {
    if (this.open) this.#listeners.push(listener)
    else listener()
  }

  end(): void {
    if (!this.open) return
    this.open = false
    for (const listener of this.#listeners) listener()
  }
}

interface FakeDial {
  readonly signal: AbortSignal
  answer(result: DialResult<FakeConnection>): void
}

/** A pool whose dials wait until the test answers them. */
function createPool(options: Partial<PoolOptions> = {}) {
  const dials: FakeDial[] = []
  const pool = new Pool<FakeConnection>((signal) => new Promise((answer) => dials.push({ signal, answer })), {
    channelsPerConnection: 2,
    idleSeconds: 30,
    ...options,
  })
  const answer = (index: number) => {
    const connection = new FakeConnection()
    dials[index]?.answer({ ok: true, value: connection })
    return connection
  }
  return { pool, dials, answer }
}

type Taken = DialResult<Place<FakeConnection>>

function place(taken: Taken): Place<FakeConnection> {
  if (!taken.ok) throw new Error(taken.failure.message)
  return taken.value
}

/** Lets everything that waits only for promises go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('Pool', () => {
  it('shares connections, dials once at a time, and only when there is no room', async () => {
    const { pool, dials, answer } = createPool()
    const takes = [1, 2, 3].map(() => pool.take(never))
    await settled()
    expect(dials).toHaveLength(1)
    const first = answer(0)
    await settled()
    expect(dials).toHaveLength(2)
    const second = answer(1)
    const connections = (await Promise.all(takes)).map((taken) => place(taken).connection)
    expect(connections).toEqual([first, first, second])
    expect(place(await pool.take(never)).connection).toBe(second)
  })

  it('gives a place that was given back, once, to the next', async () => {
    const { pool, dials, answer } = createPool({ channelsPerConnection: 1 })
    const taking = pool.take(never)
    const connection = answer(0)
    const first = place(await taking)
    first.release()
    first.release()
    expect(place(await pool.take(never)).connection).toBe(connection)
    void pool.take(never)
    await settled()
    expect(dials).toHaveLength(2)
  })

  it('tells a failed dial to everybody who waited for it, and dials again for who comes later', async () => {
    const { pool, dials } = createPool()
    const takes = [pool.take(never), pool.take(never)]
    const failure = { kind: 'unreachable', message: 'no route' } as const
    dials[0]?.answer({ ok: false, failure })
    expect(await Promise.all(takes)).toEqual([
      { ok: false, failure },
      { ok: false, failure },
    ])
    void pool.take(never)
    expect(dials).toHaveLength(2)
  })

  it('forgets a connection that closed', async () => {
    const { pool, dials, answer } = createPool()
    const taking = pool.take(never)
    const connection = answer(0)
    const first = place(await taking)
    connection.end()
    first.release()
    void pool.take(never)
    expect(dials).toHaveLength(2)
  })

  it('stops a dial when the last who waits for it gives up, and not before', async () => {
    const { pool, dials } = createPool()
    const [one, other] = [new AbortController(), new AbortController()]
    const takes = [pool.take(one.signal), pool.take(other.signal)]
    one.abort()
    expect(await takes[0]).toMatchObject({ ok: false, failure: { kind: 'cancelled' } })
    expect(dials[0]?.signal.aborted).toBe(false)
    other.abort()
    expect(await takes[1]).toMatchObject({ ok: false, failure: { kind: 'cancelled' } })
    expect(dials[0]?.signal.aborted).toBe(true)
  })

  it('lets nobody join a dial that was stopped', async () => {
    const { pool, dials, answer } = createPool()
    const cancel = new AbortController()
    const given = pool.take(cancel.signal)
    cancel.abort()
    await given
    const taking = pool.take(never)
    expect(dials).toHaveLength(2)
    dials[0]?.answer({ ok: false, failure: { kind: 'cancelled', message: '' } })
    const connection = answer(1)
    expect(place(await taking).connection).toBe(connection)
  })

  it('asks no more of a connection that refused a channel', async () => {
    const { pool, dials, answer } = createPool({ channelsPerConnection: 8 })
    const takes = [pool.take(never), pool.take(never)]
    answer(0)
    const [, second] = (await Promise.all(takes)).map(place)
    second?.refuseMore()
    second?.release()
    void pool.take(never)
    expect(dials).toHaveLength(2)
  })

  it('starts with fewer places on the next connection when one was refused', async () => {
    const { pool, dials, answer } = createPool()
    const takes = [pool.take(never), pool.take(never)]
    answer(0)
    const [, second] = (await Promise.all(takes)).map(place)
    second?.refuseMore()
    const next = [pool.take(never), pool.take(never)]
    answer(1)
    await next[0]
    await settled()
    expect(dials).toHaveLength(3)
  })

  it('gives nobody a place on a connection that opened no channel at all', async () => {
    const { pool, dials, answer } = createPool()
    const taking = pool.take(never)
    answer(0)
    const only = place(await taking)
    only.refuseMore()
    only.release()
    void pool.take(never)
    expect(dials).toHaveLength(2)
  })

  it('closes a connection that nobody uses', async () => {
    const { pool, answer } = createPool({ idleSeconds: 0 })
    const taking = pool.take(never)
    const connection = answer(0)
    const closed = new Promise<void>((resolve) => connection.onClosed(resolve))
    place(await taking).release()
    const keepAlive = setTimeout(() => undefined, 5000)
    await closed
    clearTimeout(keepAlive)
    expect(connection.open).toBe(false)
  })

  it('closes a connection of which only a place is lent', async () => {
    const { pool, answer } = createPool({ idleSeconds: 0 })
    const taking = pool.take(never)
    const connection = answer(0)
    const closed = new Promise<void>((resolve) => connection.onClosed(resolve))
    const only = place(await taking)
    expect(pool.lend(() => undefined)?.connection).toBe(connection)
    only.release()
    const keepAlive = setTimeout(() => undefined, 5000)
    await closed
    clearTimeout(keepAlive)
    expect(connection.open).toBe(false)
  })

  it('ends everything when closed, the dial too', async () => {
    const { pool, dials, answer } = createPool({ channelsPerConnection: 1 })
    const taking = pool.take(never)
    const connection = answer(0)
    await taking
    const waiting = pool.take(never)
    const closing = pool.close()
    expect(dials[1]?.signal.aborted).toBe(true)
    dials[1]?.answer({ ok: false, failure: { kind: 'cancelled', message: '' } })
    await closing
    expect(connection.open).toBe(false)
    expect(await waiting).toMatchObject({ ok: false })
    expect(await pool.take(never)).toMatchObject({ ok: false, failure: { kind: 'cancelled' } })
  })
})
