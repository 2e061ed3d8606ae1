import { takeHostChecks } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

const CHECKS_PER_PASS = 20

/** Takes the checks that somebody asked for and hands each over at once. Returns how many. */
export async function takeRequestedChecks(
  { pool }: Pick<DispatcherContext, 'pool'>,
  startCheck: (hostId: string) => void,
): Promise<number> {
  const hostIds = await takeHostChecks(pool, CHECKS_PER_PASS)
  for (const hostId of hostIds) startCheck(hostId)
  return hostIds.length
}
