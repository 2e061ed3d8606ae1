import { unlessAborted } from '../unless-aborted.ts'
import type { Connection } from './connection.ts'
import type { DialFailure, DialResult } from './target.ts'

type Pooled = Pick<Connection, 'onClosed' | 'end'>

export interface PoolOptions {
  readonly channelsPerConnection: number
  readonly idleSeconds: number
}

/** A place for one channel on a shared connection. */
export interface Place<C> {
  readonly connection: C
  /** Gives the place back. Calling it again does nothing. */
  release(): void
  /** The server refused this place its channel: ask no more of this connection than its other places. */
  refuseMore(): void
}

/** A place that its holder gives back when it is called back. */
export interface LentPlace<C> {
  readonly connection: C
  /** Gives the place back. Calling it again does nothing. */
  release(): void
  /** Makes it the holder's own. */
  keep(): Place<C>
}

interface Entry<C> {
  readonly connection: C
  taken: number
  /** Calls back the place that is lent. */
  callBack: (() => void) | null
  limit: number
  idleTimer: NodeJS.Timeout | null
}

interface Dialling<C> {
  readonly result: Promise<DialResult<C>>
  readonly abort: AbortController
  waiting: number
}

/**
 * Connections to one host, shared. There is never more than one dial at a time (sshd drops unauthenticated connections
 * beyond MaxStartups at random), and everybody who waited for a dial that failed hears of that failure.
 */
export class Pool<C extends Pooled> {
  readonly #dial: (signal: AbortSignal) => Promise<DialResult<C>>
  readonly #options: PoolOptions
  readonly #entries = new Set<Entry<C>>()
  #dialling: Dialling<C> | null = null
  /** What the next connection starts with: as many channels as we allow, or fewer since one was refused. */
  #channels: number
  #closed = false

  constructor(dial: (signal: AbortSignal) => Promise<DialResult<C>>, options: PoolOptions) {
    this.#dial = dial
    this.#options = options
    this.#channels = options.channelsPerConnection
  }

  /** A place on a connection that has room, else on a new one. Aborting stops waiting, and the dial if nobody else waits. */
  async take(signal: AbortSignal): Promise<DialResult<Place<C>>> {
    for (;;) {
      if (this.#closed || signal.aborted) return { ok: false, failure: cancelled() }
      const place = this.#free()
      if (place !== null) return { ok: true, value: place }
      const failure = await this.#wait(signal)
      if (failure !== null) return { ok: false, failure }
    }
  }

  /**
   * Lends a place until somebody needs it who would have none otherwise: `callBack` must release it at once. A connection
   * of which nothing else is taken is idle. Null when there is no room: nothing is dialled for it.
   */
  lend(callBack: () => void): LentPlace<C> | null {
    for (const entry of this.#entries) {
      if (entry.callBack === null && entry.taken < entry.limit) return this.#lend(entry, callBack)
    }
    return null
  }

  /** Ends every connection, and with it every channel. */
  async close(): Promise<void> {
    this.#closed = true
    this.#dialling?.abort.abort()
    await this.#dialling?.result
    await Promise.all([...this.#entries].map((entry) => this.#end(entry)))
  }

  #free(): Place<C> | null {
    for (const entry of this.#entries) {
      if (used(entry) < entry.limit) return this.#occupy(entry)
    }
    for (const entry of this.#entries) {
      entry.callBack?.()
      if (used(entry) < entry.limit) return this.#occupy(entry)
    }
    return null
  }

  #lend(entry: Entry<C>, callBack: () => void): LentPlace<C> {
    entry.callBack = callBack
    const release = () => {
      if (entry.callBack === callBack) entry.callBack = null
    }
    return {
      connection: entry.connection,
      release,
      keep: () => {
        release()
        return this.#occupy(entry)
      },
    }
  }

  #occupy(entry: Entry<C>): Place<C> {
    entry.taken += 1
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
    let released = false
    return {
      connection: entry.connection,
      release: () => {
        if (released) return
        released = true
        entry.taken -= 1
        if (entry.taken === 0) this.#watchIdle(entry)
      },
      refuseMore: () => {
        entry.limit = Math.min(entry.limit, used(entry) - 1)
        this.#channels = Math.max(1, Math.min(this.#channels, entry.limit))
      },
    }
  }

  #watchIdle(entry: Entry<C>): void {
    if (!this.#entries.has(entry)) return
    entry.idleTimer = setTimeout(() => void this.#end(entry), this.#options.idleSeconds * 1000)
    entry.idleTimer.unref()
  }

  async #wait(signal: AbortSignal): Promise<DialFailure | null> {
    const dialling = (this.#dialling ??= this.#startDial())
    dialling.waiting += 1
    const result = await unlessAborted(signal, dialling.result)
    dialling.waiting -= 1
    if (result !== 'aborted') return result.ok ? null : result.failure
    if (dialling.waiting === 0) this.#abandon(dialling)
    return cancelled()
  }

  #abandon(dialling: Dialling<C>): void {
    if (this.#dialling === dialling) this.#dialling = null
    dialling.abort.abort()
  }

  #startDial(): Dialling<C> {
    const abort = new AbortController()
    const result = this.#dial(abort.signal).then((dialled) => {
      if (this.#dialling === dialling) this.#dialling = null
      if (dialled.ok) this.#add(dialled.value)
      return dialled
    })
    const dialling: Dialling<C> = { result, abort, waiting: 0 }
    return dialling
  }

  #add(connection: C): void {
    const entry: Entry<C> = {
      connection,
      taken: 0,
      callBack: null,
      limit: this.#channels,
      idleTimer: null,
    }
    this.#entries.add(entry)
    this.#watchIdle(entry)
    connection.onClosed(() => {
      if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
      this.#entries.delete(entry)
    })
  }

  #end(entry: Entry<C>): Promise<void> {
    // Out of the pool at once: nobody may be given a place on a connection that is about to go.
    this.#entries.delete(entry)
    return new Promise((resolve) => {
      entry.connection.onClosed(resolve)
      entry.connection.end()
    })
  }
}

function used({ taken, callBack }: Entry<unknown>): number {
  return taken + (callBack === null ? 0 : 1)
}

function cancelled(): DialFailure {
  return { kind: 'cancelled', message: 'dialling was cancelled' }
}
