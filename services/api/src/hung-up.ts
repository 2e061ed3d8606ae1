import { requestIdentity } from '@switchyard/store'
import type { AgentClaim } from '@switchyard/store'

/** Which claims nobody was told of. */
export interface HungUp {
  /** A dequeue begins. */
  begin(agentId: string, requestKey: string | null): PendingAnswer
}

/** One dequeue, until it is known how it ended: what it was to be told, and whether it was told. */
export interface PendingAnswer {
  /** What the caller is told; null: that there is no task, or what went wrong. */
  decided(claim: AgentClaim | null): void
  /** Its connection is done with it: it has its whole answer, or it hung up. */
  closed(hasAnswer: boolean): void
}

/** What is known of all dequeues of one agent with one key that are under way. */
interface Repetition {
  underWay: number
  claim: AgentClaim | null
  /** One of them has heard of the claim: then the caller has it, whatever becomes of the others. */
  told: boolean
}

/**
 * Calls `giveBack` for a claim whose caller hung up before it was told. A request that was repeated, while the first one was still
 * under way, gets the same claim as that one: it is given back only when none of them heard of it.
 */
export function createHungUp(giveBack: (claim: AgentClaim) => void): HungUp {
  const repetitions = new Map<string, Repetition>()

  function join(identity: string | null): Repetition {
    const known = identity === null ? undefined : repetitions.get(identity)
    const repetition = known ?? { underWay: 0, claim: null, told: false }
    repetition.underWay += 1
    if (identity !== null) repetitions.set(identity, repetition)
    return repetition
  }

  return {
    begin(agentId, requestKey) {
      const identity = requestKey === null ? null : requestIdentity({ agentId, requestKey })
      const repetition = join(identity)
      let claim: AgentClaim | null | undefined
      let hasAnswer: boolean | undefined

      function settle(): void {
        if (claim === undefined || hasAnswer === undefined) return
        repetition.underWay -= 1
        repetition.claim = claim ?? repetition.claim
        if (hasAnswer && claim !== null) repetition.told = true
        if (repetition.underWay > 0) return
        if (identity !== null) repetitions.delete(identity)
        if (repetition.claim !== null && !repetition.told) giveBack(repetition.claim)
      }

      return {
        decided(decision) {
          claim = decision
          settle()
        },
        closed(answered) {
          hasAnswer = answered
          settle()
        },
      }
    },
  }
}
