import type { Connection } from './connection.ts'
import type { Place, Pool } from './pool.ts'

/** A place that moves to another connection when the one it is on opens no channel. */
export interface Seat extends Pick<Connection, 'execute'> {
  release(): void
}

/**
 * A server may allow fewer channels than we think, and counts one for a moment after it has closed. So a refused
 * channel is asked for elsewhere, the last time most likely on a connection of its own.
 */
const CHANNEL_ATTEMPTS = 3

export function seatOn(pool: Pool<Connection>, first: Place<Connection>, signal: AbortSignal): Seat {
  let place = first
  return {
    async execute(commandLine) {
      for (let attempt = 1; ; attempt++) {
        const result = await place.connection.execute(commandLine)
        if (result.ok) return result
        place.refuseMore()
        if (attempt === CHANNEL_ATTEMPTS) return result
        place.release()
        const taken = await pool.take(signal)
        if (!taken.ok) return result
        place = taken.value
      }
    },
    release: () => place.release(),
  }
}
