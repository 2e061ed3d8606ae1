import { settleExpiry } from '@switchyard/core'
import type { SettlementEvent } from '@switchyard/core'
import { listExpiredClaims, settleClaim } from '@switchyard/store'
import type { ClaimIdentity } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { forEachAlone } from './for-each-alone.ts'

const CLAIMS_PER_PASS = 1000

type ExpireContext = Pick<
  DispatcherContext,
  'pool' | 'clock' | 'policy' | 'dispatcherId' | 'random' | 'events'
>

/**
 * Takes back claims whose start deadline or lease has passed. A run on a host is orphaned: it may be alive. Returns how many
 * claims it settled.
 */
export async function expireClaims(context: ExpireContext): Promise<number> {
  const { pool, clock, events } = context
  const claims = await listExpiredClaims(pool, { limit: CLAIMS_PER_PASS, now: clock.sqlNow() })
  return forEachAlone(claims, {
    async act(claim) {
      const event = await expireOne(context, claim)
      if (event !== null) events.expired(claim.taskId, event)
      return event !== null
    },
    onError: ({ taskId }, error) => events.phaseFailedFor('expire', { taskId }, error),
  })
}

/** What became of the task; null when the claim was renewed or ended meanwhile. */
async function expireOne(
  { pool, clock, policy, dispatcherId, random }: ExpireContext,
  claim: ClaimIdentity,
): Promise<SettlementEvent | null> {
  let event: SettlementEvent | null = null
  const task = await settleClaim(pool, claim, {
    actor: dispatcherId,
    now: clock.sqlNow(),
    impatient: true,
    decide(locked) {
      if (!locked.expired) return null
      const settlement = settleExpiry(locked, policy.maxDeliveries, random())
      event = settlement.event
      return settlement
    },
  })
  return task === null ? null : event
}
