import type { Clock } from '@switchyard/platform'
import type { Bell } from './bell.ts'

/** A burst of news is one cycle, not one per piece. */
const LEAST_PAUSE_MILLISECONDS = 250

export interface LoopOptions {
  /** One pass over everything; must not reject. */
  readonly cycle: () => Promise<unknown>
  readonly clock: Clock
  readonly intervalSeconds: number
  /** Ringing it begins the next cycle early. */
  readonly bell: Bell
  /** A number in [0, 1): replicas that started together do not stay together. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Runs cycles one after the other until the signal aborts: each interval ±10 %, sooner when the bell rings. */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { cycle, clock, intervalSeconds, bell, random, signal } = options
  while (!signal.aborted) {
    await cycle()
    const pause = intervalSeconds * 1000 * (0.9 + 0.2 * random())
    const least = Math.min(pause, LEAST_PAUSE_MILLISECONDS)
    await clock.sleep(least, signal)
    await bell.sleep(clock, pause - least, signal)
  }
}
