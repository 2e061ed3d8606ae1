import type { Claim, SettlementEvent, Task } from '@switchyard/core'
import { completeClaim, settleClaim, wasSettled } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { insist } from './insist.ts'
import { settlementFor } from './settle-run.ts'
import type { RunAction } from './settle-run.ts'

type SettleContext = Pick<
  DispatcherContext,
  'pool' | 'clock' | 'outage' | 'policy' | 'random' | 'dispatcherId'
>

/** What became of the task; `lease_lost` when it was not ours to end, `unsettled` when the database did not answer. */
export type SettledAs = SettlementEvent | 'succeed' | 'lease_lost' | 'unsettled'

/**
 * Ends the claim as decided. While the database is away it tries again: the token decides whether the claim is still ours,
 * however long that takes. An answer that got lost is recognised by what it left behind.
 */
export async function settleRun(
  context: SettleContext,
  giveUp: AbortSignal,
  claim: Claim,
  action: RunAction,
): Promise<SettledAs> {
  if (action.kind === 'let_go') return 'lease_lost'
  const identity = { taskId: claim.task.id, leaseToken: claim.leaseToken, agentId: claim.agentId }
  let event: SettlementEvent | 'succeed' = 'succeed'

  const end = (): Promise<Task | null> => {
    const { pool, clock, policy, random, dispatcherId: actor } = context
    const now = clock.sqlNow()
    if (action.kind === 'complete')
      return completeClaim(pool, identity, { result: action.result, actor, now })
    return settleClaim(pool, identity, {
      actor,
      now,
      decide(task) {
        const settlement = settlementFor(action, task, policy.maxDeliveries, random())
        event = settlement.event
        return settlement
      },
    })
  }
  const answer = await insist(context, giveUp, async () => {
    if ((await end()) !== null) return 'won'
    return (await wasSettled(context.pool, identity, [event])) ? 'won' : 'lost'
  })
  if (answer === undefined) return 'unsettled'
  return answer === 'won' ? event : 'lease_lost'
}
