import { ROUTES } from '@switchyard/contract'
import { isStorable, settleFailure, settleRelease, TRANSITIONS } from '@switchyard/core'
import type { Settlement, ShownTask, Task, TaskError, TransitionName } from '@switchyard/core'
import { settleClaim, wasSettled } from '@switchyard/store'
import type { LockedClaim } from '@switchyard/store'
import type { Principal } from '../authenticate.ts'
import { createClaimBatches } from '../claim-batches.ts'
import type { ApiContext } from '../context.ts'
import { bind, invalidRequest } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { Problem } from '../problem.ts'
import { leaseToWire, taskToWire } from '../wire/to-wire.ts'
import { explainLostLease } from './explain-lost-lease.ts'
import { findTask } from './find-task.ts'

interface Body {
  readonly lease_token: string
}

const FAILURE_EVENTS: readonly TransitionName[] = ['fail', 'retry', 'confirm_cancel']
const RELEASE_EVENTS: readonly TransitionName[] = ['unclaim', 'hand_back', 'undeliverable', 'confirm_cancel']

/** What the holder of a claim says about it. Every call proves with the lease token that the claim is the caller's. */
export function bindClaims(binding: Binding, context: ApiContext): void {
  const { pool, config, clock, events, waker } = context
  const leaseSeconds = config.SWITCHYARD_LEASE_SECONDS
  const batches = createClaimBatches(pool, config, clock)

  bind(binding, ROUTES.heartbeatTask, async ({ params, body }, { principal }) => {
    const claim = claimOf(params.task_id, body, principal)
    const renewed = await batches.renew({
      ...claim,
      progress: body.progress ?? null,
      actor: principal.actor,
    })
    if (renewed === null) throw await explainLostLease(context, claim)
    return {
      status: 200,
      body: {
        lease: leaseToWire(
          { token: body.lease_token, expiresAt: renewed.expiresAt, started: true },
          leaseSeconds,
        ),
        directive: directive(renewed.cancelRequested),
      },
    }
  })

  bind(binding, ROUTES.appendTaskLog, async ({ params, body }, { principal }) => {
    const claim = claimOf(params.task_id, body, principal)
    const appended = await batches.append({
      ...claim,
      offset: body.offset,
      text: body.text,
      actor: principal.actor,
    })
    switch (appended.kind) {
      case 'appended':
        return {
          status: 200,
          body: { next_offset: appended.nextOffset, directive: directive(appended.cancelRequested) },
        }
      case 'wrong_offset':
        throw new Problem(
          'wrong_offset',
          `The text was sent for byte ${body.offset}, and the log goes on at byte ${appended.expectedOffset}.`,
          {
            expected_offset: appended.expectedOffset,
          },
        )
      case 'lease_lost':
        throw await explainLostLease(context, claim)
    }
  })

  bind(binding, ROUTES.completeTask, async ({ params, body }, { principal }) => {
    const claim = claimOf(params.task_id, body, principal)
    const result = body.result ?? {}
    // The database would refuse it, and with it the completions of others that it came with.
    if (!isStorable(result)) {
      const message = 'holds NUL or half a surrogate pair, which cannot be stored'
      throw invalidRequest([{ path: 'body.result', message }])
    }
    const completed = await batches.complete({
      ...claim,
      result,
      actor: principal.actor,
    })
    return { status: 200, body: taskToWire(await settled(claim, principal, completed, ['succeed'])) }
  })

  bind(binding, ROUTES.failTask, async ({ params, body }, { principal }) => {
    const claim = claimOf(params.task_id, body, principal)
    const failure = { error: errorOf(body.error), retryable: body.retryable ?? true }
    const task = await settle(claim, principal, (locked) => settleFailure(locked, failure, Math.random()))
    return { status: 200, body: taskToWire(await settled(claim, principal, task, FAILURE_EVENTS)) }
  })

  bind(binding, ROUTES.releaseTask, async ({ params, body }, { principal }) => {
    const claim = claimOf(params.task_id, body, principal)
    const limit = config.SWITCHYARD_MAX_DELIVERIES
    const task = await settle(claim, principal, (locked) => settleRelease(locked, body.reason, limit))
    return { status: 200, body: taskToWire(await settled(claim, principal, task, RELEASE_EVENTS)) }
  })

  function settle(
    claim: HeldClaim,
    principal: Principal,
    decide: (locked: LockedClaim) => Settlement,
  ): Promise<Task | null> {
    // An orphaned run belongs to the dispatchers: its old holder no longer ends it.
    const decideIfHeld = (locked: LockedClaim): Settlement | null =>
      (TRANSITIONS.succeed.from as readonly string[]).includes(locked.status) ? decide(locked) : null
    return settleClaim(pool, claim, { actor: principal.actor, now: clock.sqlNow(), decide: decideIfHeld })
  }

  /** The settled task; for a repetition of the call that settled it, the task as it is now; else the problem. */
  async function settled(
    claim: HeldClaim,
    { actor }: Principal,
    task: ShownTask | null,
    repeatable: readonly TransitionName[],
  ): Promise<ShownTask> {
    if (task !== null) {
      events.claimSettled(task.id, task.status)
      waker.wake()
      return task
    }
    if (await wasSettled(pool, claim, repeatable, actor)) return findTask(pool, claim.taskId)
    throw await explainLostLease(context, claim)
  }
}

/** A claim as its holder presents it; an admin may present anybody's. */
export interface HeldClaim {
  readonly taskId: string
  readonly leaseToken: string
  readonly agentId: string | null
}

function claimOf(taskId: string, body: Body, principal: Principal): HeldClaim {
  return { taskId, leaseToken: body.lease_token, agentId: principal.agent?.id ?? null }
}

function directive(cancelRequested: boolean): 'continue' | 'cancel' {
  return cancelRequested ? 'cancel' : 'continue'
}

function errorOf(error: string | { readonly code?: string; readonly message: string }): TaskError {
  if (typeof error === 'string') return { code: 'agent_failed', message: error }
  return { code: error.code ?? 'agent_failed', message: error.message }
}
