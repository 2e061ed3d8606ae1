import { setTimeout as delay } from 'node:timers/promises'
import type { ReadyService } from '../../demo/service.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

/** A number in [0, 1), the same sequence for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One dispatcher that is replaced whenever it ends, with its own way to the database. */
export interface Seat {
  dispatcher: ReadyService
  readonly database: TcpProxy
  readonly start: () => Promise<ReadyService>
}

export interface MischiefOptions {
  readonly random: () => number
  readonly seats: readonly Seat[]
  readonly hosts: readonly TcpProxy[]
  /** Long enough for a lease to end. */
  readonly leaseMilliseconds: number
  /** How often what was done. */
  readonly done: Map<string, number>
}

/** Does one bad thing, and undoes it. */
export async function makeMischief({
  random,
  seats,
  hosts,
  leaseMilliseconds,
  done,
}: MischiefOptions): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const seat = pick(seats)
  const host = pick(hosts)
  const long = leaseMilliseconds * (0.3 + 1.4 * random())
  const deeds: Record<string, () => Promise<void>> = {
    async 'kill a dispatcher'() {
      seat.dispatcher.kill()
      await seat.dispatcher.exited
      seat.dispatcher = await seat.start()
    },
    async 'restart a dispatcher'() {
      await seat.dispatcher.stop()
      seat.dispatcher = await seat.start()
    },
    async 'stop a dispatcher for a while'() {
      seat.dispatcher.kill('SIGSTOP')
      await delay(leaseMilliseconds + long)
      seat.dispatcher.kill('SIGCONT')
    },
    async 'cut a dispatcher off from the database'() {
      seat.database.close()
      await delay(long)
      seat.database.open()
    },
    async 'cut everybody off from a host'() {
      host.close()
      await delay(long)
      host.open()
    },
    'cut the connections to a host once'() {
      host.cut()
      return Promise.resolve()
    },
  }
  const name = pick(Object.keys(deeds))
  done.set(name, (done.get(name) ?? 0) + 1)
  await deeds[name]!()
}
