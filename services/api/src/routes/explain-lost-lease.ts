import { findClaimant } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { Problem } from '../problem.ts'
import type { HeldClaim } from './claims.ts'
import { findTask } from './find-task.ts'

/**
 * Why a claim was refused: the task does not exist, never was the caller's, or is not any more. The last one tells who has
 * it now, so that the caller can see that stopping is right.
 */
export async function explainLostLease(
  context: Pick<ApiContext, 'pool' | 'events'>,
  claim: HeldClaim,
): Promise<Problem> {
  const task = await findTask(context.pool, claim.taskId)
  const claimant = await findClaimant(context.pool, claim)
  const wasTheirs = claimant === null ? task.agentId === claim.agentId : claimant === claim.agentId
  if (claim.agentId !== null && !wasTheirs) {
    return new Problem(
      'not_your_task',
      `Task ${task.id} was not given to ${claim.agentId} with this lease token.`,
    )
  }
  context.events.leaseLost(task.id, claim.agentId)
  const holder =
    task.leaseExpiresAt === null ? 'nobody holds it' : `${task.agentId ?? 'somebody else'} holds it`
  return new Problem(
    'lease_lost',
    `The lease token does not belong to the present claim: the task is ${task.status}, ${holder}.`,
    {
      task_status: task.status,
      holder:
        task.leaseExpiresAt === null
          ? null
          : {
              agent_id: task.agentId,
              execution_mode: task.executionMode,
              attempt: task.attempt,
              lease_expires_at: task.leaseExpiresAt.toISOString(),
            },
      retryable: false,
    },
  )
}
