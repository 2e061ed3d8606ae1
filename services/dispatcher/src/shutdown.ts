import type { Clock } from '@switchyard/platform'
import type { RunRegistry } from './runs/registry.ts'

/** What remains of the grace period for stopping commands, settling their tasks, and closing what is open. */
const KEPT_FOR_STOPPING_SECONDS = 10
/** Of that, what remains for closing. */
const KEPT_FOR_CLOSING_SECONDS = 2

/**
 * Ends all runs within the grace period: those that have not started go back at once, running commands may finish for a
 * while, what then still runs is stopped on its host and handed back. What cannot even be stopped in time is left to its
 * lease: no task is ever given away while its command may be alive.
 */
export async function endRuns(
  runs: Pick<RunRegistry, 'drain' | 'idle' | 'stopAll' | 'abandon'>,
  clock: Clock,
  graceSeconds: number,
): Promise<void> {
  const keptSeconds = Math.min(graceSeconds, KEPT_FOR_STOPPING_SECONDS)
  runs.drain()
  await idleWithin(runs, clock, graceSeconds - keptSeconds)
  runs.stopAll()
  await idleWithin(runs, clock, Math.max(1, keptSeconds - KEPT_FOR_CLOSING_SECONDS))
  runs.abandon()
}

async function idleWithin(runs: Pick<RunRegistry, 'idle'>, clock: Clock, seconds: number): Promise<void> {
  const idle = new AbortController()
  await Promise.race([runs.idle().then(() => idle.abort()), clock.sleep(seconds * 1000, idle.signal)])
}
