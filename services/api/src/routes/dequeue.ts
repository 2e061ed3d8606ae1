import { ROUTES } from '@switchyard/contract'
import { claimForAgent, repeatClaimForAgent, settleClaim } from '@switchyard/store'
import type { ClaimForAgentResult, KnownAgent } from '@switchyard/store'
import { settleRelease } from '@switchyard/core'
import type { Claim } from '@switchyard/core'
import type { Principal } from '../authenticate.ts'
import type { ApiContext } from '../context.ts'
import { bind } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { Problem } from '../problem.ts'
import { leaseToWire, taskToWire } from '../wire/to-wire.ts'

/** How long a waiting dequeue trusts that it would be woken. A lost notification costs this much and nothing else. */
const POLL_MILLISECONDS = 1_000
const RETRY_AFTER_SECONDS = 5

/** The pulling agents' way to work. */
export function bindDequeue(binding: Binding, context: ApiContext): void {
  const { pool, agents, config, clock, events, waker } = context

  bind(binding, ROUTES.dequeueTask, async ({ body }, { principal, response }) => {
    requireSelf(principal, body.agent_id)
    if (body.repeat_only === true) return repeat(body.agent_id, body.request_key)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    // It may have hung up while its token was looked up.
    if (response.destroyed) gone.abort()
    const hungUp = (): boolean => gone.signal.aborted
    const over = AbortSignal.any([gone.signal, context.stopping])
    const deadline = performance.now() + (body.wait_seconds ?? 0) * 1_000

    while (!hungUp()) {
      const attempt = await claim(body.agent_id, body.request_key ?? null)
      if (attempt.kind === 'claimed') {
        events.taskClaimed(attempt.claim)
        if (hungUp()) await giveBack(attempt.claim)
        return answerWith(attempt.claim)
      }
      const left = deadline - performance.now()
      if (left <= 0 || over.aborted) return answerEmpty(attempt.kind)
      await context.wakeUps.next(Math.min(left, POLL_MILLISECONDS * (0.75 + Math.random() / 2)), over)
    }
    return answerEmpty('empty')
  })

  async function claim(agentId: string, requestKey: string | null): Promise<ClaimForAgentResult> {
    const agent = await findPullingAgent(agentId)
    if (agent.paused) return { kind: 'paused' }
    return claimForAgent(pool, {
      agentId,
      labels: agent.labels,
      maxConcurrent: agent.maxConcurrent,
      startSeconds: config.SWITCHYARD_START_SECONDS,
      requestKey,
      now: clock.sqlNow(),
    })
  }

  /** For who stopped waiting and does not know whether it was given a task meanwhile. */
  async function repeat(agentId: string, requestKey: string | undefined) {
    await findPullingAgent(agentId)
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

  async function findPullingAgent(agentId: string): Promise<KnownAgent> {
    const agent = await agents.byId(agentId)
    if (agent === null) throw new Problem('agent_not_found', `There is no agent ${agentId}.`)
    if (agent.executionMode === 'http_pull') return agent
    throw new Problem('mode_mismatch', `${agentId} is a host: the dispatcher brings it its tasks.`, {
      agent_mode: agent.executionMode,
      expected_mode: 'http_pull',
    })
  }

  /** The caller hung up before the answer: somebody else may have the task now rather than after the start deadline. */
  async function giveBack(claimed: Claim): Promise<void> {
    const identity = { taskId: claimed.task.id, leaseToken: claimed.leaseToken }
    const reason = 'the caller hung up before the answer was sent'
    await settleClaim(pool, identity, {
      actor: 'api',
      now: clock.sqlNow(),
      decide: (locked) =>
        locked.status === 'claimed' ? settleRelease(locked, reason, config.SWITCHYARD_MAX_DELIVERIES) : null,
    })
    waker.wake()
  }

  function answerWith({ task, leaseToken, leaseExpiresAt }: Claim) {
    const lease = { token: leaseToken, expiresAt: leaseExpiresAt, started: false }
    return {
      status: 200,
      body: { task: taskToWire(task), lease: leaseToWire(lease, config.SWITCHYARD_LEASE_SECONDS) },
    } as const
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
