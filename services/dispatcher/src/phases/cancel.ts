import { listCancelRequests } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import type { RunRegistry } from '../runs/registry.ts'

/**
 * Passes on requests to end what this replica runs, all with one question, so that nobody waits for the next renewal of a lease, which
 * brings them too. Returns how many: the same ones again until they have ended.
 */
export async function passOnCancels(
  { pool }: Pick<DispatcherContext, 'pool'>,
  runs: Pick<RunRegistry, 'claims' | 'cancel'>,
): Promise<number> {
  const claims = runs.claims()
  if (claims.length === 0) return 0
  const leaseTokens = await listCancelRequests(pool, claims)
  for (const leaseToken of leaseTokens) runs.cancel(leaseToken)
  return leaseTokens.length
}
