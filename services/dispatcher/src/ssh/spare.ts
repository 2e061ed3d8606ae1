import type { Connection } from './connection.ts'
import { openLaunchChannel } from './launch-channel.ts'
import type { LentPlace, Place, Pool } from './pool.ts'
import type { RemoteDialogue } from './remote-dialogue.ts'

export interface TakenSpare {
  readonly place: Place<Connection>
  readonly channel: RemoteDialogue
}

interface Kept {
  readonly place: LentPlace<Connection>
  /** Null while it is being opened. */
  channel: RemoteDialogue | null
  timer: NodeJS.Timeout | null
}

/**
 * A channel that is open before the next run needs it, since that costs as much as `ssh HOST true`: at most one for each pool, on a
 * place that goes to whoever else needs it. What its shell has been told by its host grows old, so it is not kept for longer than a
 * connection that nobody uses.
 */
export class Spare {
  readonly #pool: Pool<Connection>
  readonly #seconds: number
  #kept: Kept | null = null

  constructor(pool: Pool<Connection>, seconds: number) {
    this.#pool = pool
    this.#seconds = seconds
  }

  /** Opens one, unless there is one or no room for it. A server that refuses it is asked again another time. Never rejects. */
  async provide(): Promise<void> {
    if (this.#kept !== null) return
    const place = this.#pool.lend(() => this.#drop(kept))
    if (place === null) return
    const kept: Kept = { place, channel: null, timer: null }
    this.#kept = kept
    const opened = await openLaunchChannel(place.connection)
    if (!opened.ok) {
      this.#drop(kept)
      return
    }
    kept.channel = opened.channel
    // Somebody needed its place meanwhile.
    if (this.#kept !== kept) {
      opened.channel.close()
      return
    }
    kept.timer = setTimeout(() => this.#drop(kept), this.#seconds * 1000)
    kept.timer.unref()
    void opened.channel.closed.then(() => this.#drop(kept))
  }

  /** The one that is open, to be closed and given back by whoever takes it; null when there is none. */
  take(): TakenSpare | null {
    const kept = this.#kept
    if (kept === null || kept.channel === null) return null
    this.#forget(kept)
    return { place: kept.place.keep(), channel: kept.channel }
  }

  #drop(kept: Kept): void {
    if (this.#kept !== kept) return
    this.#forget(kept)
    kept.channel?.close()
    kept.place.release()
  }

  #forget(kept: Kept): void {
    this.#kept = null
    if (kept.timer !== null) clearTimeout(kept.timer)
  }
}
