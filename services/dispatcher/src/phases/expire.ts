import { settleExpiry } from '@switchyard/core'
import type { SettlementEvent } from '@switchyard/core'
import { listExpiredClaims, settleClaim } from '@switchyard/store'
import type { ClaimIdentity } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'

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
  let settled = 0
  for (const claim of await listExpiredClaims(pool, { limit: CLAIMS_PER_PASS, now: clock.sqlNow() })) {
    const event = await expireOne(context, claim)
    if (event === null) continue
    settled += 1
    events.expired(claim.taskId, event)
  }
  return settled
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
    decide(locked) {
      if (!locked.expired) return null
      const settlement = settleExpiry(locked, policy.maxDeliveries, random())
      event = settlement.event
      return settlement
    },
  })
  return task === null ? null : event
}
