import { takeDueHostChecks, takeHostChecks } from '@switchyard/store'
import type { HostCheckStart } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

const CHECKS_PER_PASS = 20

/** The most checks that one replica makes unasked at a time. */
const PROBES_AT_ONCE = 8

export interface CheckActions {
  readonly startCheck: (check: HostCheckStart) => void
  /** How many checks this replica is making. */
  readonly checksUnderWay: () => number
}

/**
 * Takes the checks that somebody asked for, and those of hosts that nobody has checked for long, and hands each over at once.
 * Returns how many.
 */
export async function takeChecks(
  { pool, policy }: Pick<DispatcherContext, 'pool' | 'policy'>,
  { startCheck, checksUnderWay }: CheckActions,
): Promise<number> {
  const requested = await takeHostChecks(pool, CHECKS_PER_PASS)
  for (const check of requested) startCheck(check)
  const everySeconds = policy.hostCheckSeconds
  const limit = PROBES_AT_ONCE - checksUnderWay()
  if (everySeconds === 0 || limit <= 0) return requested.length
  const due = await takeDueHostChecks(pool, { limit, everySeconds })
  for (const check of due) startCheck(check)
  return requested.length + due.length
}
