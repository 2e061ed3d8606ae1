import type { Clock } from '@switchyard/platform'
import type { RunRegistry } from './runs/registry.ts'

/** What handing over takes when nothing is wrong is far less. */
const HAND_OVER_SECONDS = 3
/** What remains for it when it no longer waits for the database. */
const GIVE_UP_SECONDS = 1

/**
 * Lets go of all runs: those that have not started go back at once, those that have go on on their hosts, and their leases end,
 * so that any replica may adopt them. What the database cannot be told in time is left to its lease.
 */
export async function endRuns(
  runs: Pick<RunRegistry, 'drain' | 'idle' | 'abandon'>,
  clock: Clock,
): Promise<void> {
  runs.drain()
  await idleWithin(runs, clock, HAND_OVER_SECONDS)
  runs.abandon()
  await idleWithin(runs, clock, GIVE_UP_SECONDS)
}

async function idleWithin(runs: Pick<RunRegistry, 'idle'>, clock: Clock, seconds: number): Promise<void> {
  const idle = new AbortController()
  await Promise.race([runs.idle().then(() => idle.abort()), clock.sleep(seconds * 1000, idle.signal)])
}
