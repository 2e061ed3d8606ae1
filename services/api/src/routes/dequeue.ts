import { ROUTES } from '@switchyard/contract'
import { repeatClaimForAgent, settleClaim } from '@switchyard/store'
import type { AgentClaim } from '@switchyard/store'
import { settleRelease } from '@switchyard/core'
import type { Request, Response } from 'express'
import type { Principal } from '../authenticate.ts'
import type { Caller } from '../claim-desk.ts'
import type { ApiContext } from '../context.ts'
import { bind } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { createHungUp } from '../hung-up.ts'
import { findPullingAgent } from '../open-claim-desk.ts'
import { Problem } from '../problem.ts'
import { leaseToWire, taskToWire } from '../wire/to-wire.ts'

const RETRY_AFTER_SECONDS = 5

/** The pulling agents' way to work. */
export function bindDequeue(binding: Binding, context: ApiContext): void {
  const { pool, agents, desk, config, clock, events, log, waker } = context
  const hungUp = createHungUp(giveBackLater)

  bind(binding, ROUTES.dequeueTask, async ({ body }, { principal, request, response }) => {
    requireSelf(principal, body.agent_id)
    if (body.repeat_only === true) return repeat(body.agent_id, body.request_key)
    const requestKey = body.request_key ?? null
    const pending = hungUp.begin(body.agent_id, requestKey)
    const caller = watchCaller(request, response, (hasAnswer) => pending.closed(hasAnswer))
    let claim: AgentClaim | null = null
    try {
      const answer = await desk.dequeue({
        agentId: body.agent_id,
        tokenHash: principal.agent?.tokenHash ?? null,
        requestKey,
        waitMilliseconds: (body.wait_seconds ?? 0) * 1_000,
        caller,
      })
      if (answer.kind !== 'claimed') return answerEmpty(answer.kind)
      claim = answer.claim
      events.taskClaimed(claim)
      return answerWith(claim)
    } finally {
      pending.decided(claim)
    }
  })

  /** For who stopped waiting and does not know whether it was given a task meanwhile. */
  async function repeat(agentId: string, requestKey: string | undefined) {
    await findPullingAgent(agents, agentId, null)
    if (requestKey === undefined) return answerEmpty('empty')
    const { SWITCHYARD_START_SECONDS: startSeconds } = config
    const repeated = await repeatClaimForAgent(pool, {
      agentId,
      startSeconds,
      requestKey,
      now: clock.sqlNow(),
    })
    return repeated.kind === 'claimed' ? answerWith(repeated.claim) : answerEmpty('empty')
  }

  /** When it cannot be given back now, it comes back by its start deadline. */
  function giveBackLater(claim: AgentClaim): void {
    giveBack(claim).catch((error: unknown) => log.warn({ error, taskId: claim.task.id }, 'not given back'))
  }

  /** The caller hung up before the answer: somebody else may have the task now rather than after the start deadline. */
  async function giveBack(claimed: AgentClaim): Promise<void> {
    const identity = { taskId: claimed.task.id, leaseToken: claimed.leaseToken }
    const reason = 'the caller hung up before the answer was sent'
    await settleClaim(pool, identity, {
      actor: 'api',
      now: clock.sqlNow(),
      // A later deadline: the request was repeated at another process, and that answer counts.
      decide: (locked) =>
        locked.status === 'claimed' && locked.leaseExpiresAt?.getTime() === claimed.leaseExpiresAt.getTime()
          ? settleRelease(locked, reason, config.SWITCHYARD_MAX_DELIVERIES)
          : null,
    })
    waker.wake()
  }

  function answerWith({ task, leaseToken, leaseExpiresAt }: AgentClaim) {
    const lease = { token: leaseToken, expiresAt: leaseExpiresAt, started: false }
    return {
      status: 200,
      body: { task: taskToWire(task), lease: leaseToWire(lease, config.SWITCHYARD_LEASE_SECONDS) },
    } as const
  }
}

/** Calls `closed` when the connection is done with the request: the caller has its whole answer, or it hung up. */
function watchCaller(request: Request, response: Response, closed: (hasAnswer: boolean) => void): Caller {
  let waiting: AbortController | undefined
  // It may have hung up while its token was looked up.
  let gone = response.destroyed
  response.once('close', () => {
    // An answer that the connection refused to take counts as finished, too.
    const hasAnswer = response.writableFinished && request.socket.errored === null
    gone = !hasAnswer
    if (gone) waiting?.abort()
    closed(hasAnswer)
  })
  return {
    isGone: () => gone,
    whenGone() {
      waiting ??= new AbortController()
      if (gone) waiting.abort()
      return waiting.signal
    },
  }
}

function answerEmpty(reason: 'empty' | 'full' | 'paused') {
  // Spread, so that agents which were sent away together do not come back together.
  const retryAfter = Math.ceil(RETRY_AFTER_SECONDS * (0.6 + 0.8 * Math.random()))
  return {
    status: 204,
    headers: { 'Retry-After': String(retryAfter), 'X-Switchyard-Reason': reason },
  } as const
}

function requireSelf(principal: Principal, agentId: string): void {
  if (principal.role !== 'agent' || principal.agent.id === agentId) return
  throw new Problem(
    'forbidden',
    `This is the token of ${principal.agent.id}, and the request is for ${agentId}.`,
    {
      allowed_roles: ROUTES.dequeueTask.roles,
    },
  )
}
