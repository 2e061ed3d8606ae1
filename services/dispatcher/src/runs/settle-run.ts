import { backoffSeconds, REACH_BACKOFF } from '@switchyard/core'
import type { Claim, SettlementEvent, Task } from '@switchyard/core'
import { completeClaim, isRefused, postponeOrphan, settleClaim, wasSettled } from '@switchyard/store'
import type { ClaimIdentity } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { insist } from './insist.ts'
import { settlementFor } from './run-action.ts'
import type { RunAction } from './run-action.ts'

type SettleContext = Pick<
  DispatcherContext,
  'pool' | 'clock' | 'outage' | 'policy' | 'random' | 'dispatcherId'
>

/**
 * What became of the task; `postpone` when it stays an orphan, `lease_lost` when it was not ours to end, `unsettled` when the
 * database did not answer.
 */
export type SettledAs = SettlementEvent | 'succeed' | 'postpone' | 'lease_lost' | 'unsettled'

/**
 * Ends the claim as decided. While the database is away it tries again: the token decides whether the claim is still ours,
 * however long that takes. What the database refuses to keep it would refuse each dispatcher that adopts the run: the task then
 * ends with what can be said.
 */
export async function settleRun(
  context: SettleContext,
  giveUp: AbortSignal,
  claim: Claim,
  action: RunAction,
): Promise<SettledAs> {
  if (action.kind === 'let_go') return 'lease_lost'
  try {
    return await settleAs(context, giveUp, claim, action)
  } catch (error) {
    if (!isRefused(error)) throw error
    const message = `What became of the run could not be stored: ${error.message}. Look at its log and its host before you rerun the task.`
    return settleAs(context, giveUp, claim, { kind: 'unknown', message })
  }
}

/** An answer that got lost is recognised by what it left behind. */
async function settleAs(
  context: SettleContext,
  giveUp: AbortSignal,
  claim: Claim,
  action: Exclude<RunAction, { kind: 'let_go' }>,
): Promise<SettledAs> {
  const identity = { taskId: claim.task.id, leaseToken: claim.leaseToken, agentId: claim.agentId }
  let event: SettlementEvent | 'succeed' | 'postpone' = 'succeed'

  const end = (): Promise<Task | null> => {
    const { pool, clock, policy, random, dispatcherId: actor } = context
    const now = clock.sqlNow()
    if (action.kind === 'complete')
      return completeClaim(pool, identity, { result: action.result, actor, now })
    return settleClaim(pool, identity, {
      actor,
      now,
      decide(task) {
        const settlement = settlementFor(action, task, policy, random())
        event = settlement?.event ?? 'postpone'
        return settlement
      },
    })
  }
  const answer = await insist(context, giveUp, async () => {
    if ((await end()) !== null) return 'won'
    if (action.kind === 'postpone' && event === 'postpone') {
      await postpone(context, identity, action)
      return 'won'
    }
    return (await wasSettled(context.pool, identity, [event], context.dispatcherId)) ? 'won' : 'lost'
  })
  if (answer === undefined) return 'unsettled'
  return answer === 'won' ? event : 'lease_lost'
}

async function postpone(
  { pool, clock, random }: SettleContext,
  identity: ClaimIdentity,
  { reason, probes }: Extract<RunAction, { kind: 'postpone' }>,
): Promise<void> {
  const seconds = reason === null ? 0 : backoffSeconds(REACH_BACKOFF, probes, random())
  await postponeOrphan(pool, identity, { seconds, reason, now: clock.sqlNow() })
}
