import { fits, settleAbandon, settleExpiry, settleFailure, settleRelease } from '@switchyard/core'
import type { Claim, ShownTask, Task } from '@switchyard/core'
import {
  admitNext,
  assignTask,
  cancelTask,
  completeClaim,
  flipUndecided,
  listAdmissibleKeys,
  listExpiredClaims,
  makeDue,
  renewLease,
  rerunTask,
  settleClaim,
  takeOrphans,
} from '@switchyard/store'
import type { ClaimIdentity, Pool } from '@switchyard/store'
import { claimForAgent } from './claim-for-agent.ts'
import { claimForHost } from './claim-for-host.ts'
import { at } from './fixed-clock.ts'
import { addAgent, addHost, addTask } from './task-factory.ts'

export const AGENTS = ['ada', 'bob'] as const
export const HOST = 'build'
const error = { code: 'broken', message: 'it broke' }

/** Everything anybody may do, on small numbers: which task, which of the tokens that were ever handed out, how long. */
export type Step =
  | { readonly kind: 'dequeue'; readonly agent: (typeof AGENTS)[number]; readonly key: string | null }
  | { readonly kind: 'dispatch' }
  | { readonly kind: 'heartbeat' | 'complete' | 'fail' | 'release'; readonly token: number }
  | { readonly kind: 'cancel' | 'rerun'; readonly task: number }
  | { readonly kind: 'assign'; readonly task: number; readonly agent: (typeof AGENTS)[number] | typeof HOST }
  | { readonly kind: 'sweep'; readonly seconds: number }

/** A few tasks, two agents and a host, and the tests' clock. */
export class LifeWorld {
  readonly #pool: Pool
  readonly taskIds: string[] = []
  /** Every claim ever handed out, most of them long over. */
  readonly claims: ClaimIdentity[] = []
  seconds = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Begins from nothing. */
  async reset(): Promise<void> {
    await this.#pool.query('truncate agents, hosts, tasks, task_events, task_logs')
    for (const id of AGENTS) await addAgent(this.#pool, { id, labels: ['any'], maxConcurrent: 2 })
    await addHost(this.#pool, { id: HOST, labels: ['any'], maxConcurrent: 2 })
    const common = { requires: ['any'], maxAttempts: 2 }
    for (const kind of [{ concurrencyKey: 'issue' }, { concurrencyKey: 'issue' }, {}, { runAt: at(40) }])
      this.taskIds.push((await addTask(this.#pool, { ...common, ...kind })).id)
  }

  get now(): Date {
    return at(this.seconds)
  }

  /** The claim a number stands for; null while none was handed out. */
  claim(token: number): ClaimIdentity | null {
    return this.claims[token % Math.max(this.claims.length, 1)] ?? null
  }

  taskId(task: number): string {
    return this.taskIds[task % this.taskIds.length]!
  }

  async dequeue(agentId: string, requestKey: string | null): Promise<Claim<ShownTask> | null> {
    const result = await claimForAgent(this.#pool, {
      agentId,
      labels: ['any'],
      maxConcurrent: 2,
      startSeconds: 30,
      requestKey,
      now: this.now,
    })
    return result.kind === 'claimed' ? this.#keep(result.claim) : null
  }

  async dispatch(): Promise<Claim<ShownTask>[]> {
    const options = { hostId: HOST, dispatcherId: 'd', startSeconds: 30, now: this.now }
    const claims = await claimForHost(this.#pool, options)
    return claims.map((claim) => this.#keep(claim))
  }

  #keep(claim: Claim<ShownTask>): Claim<ShownTask> {
    if (claim.task.assignedAgentId === null && !fits(claim.task.requires, ['any']))
      throw new Error('the task does not fit')
    if (!this.claims.some(({ leaseToken }) => leaseToken === claim.leaseToken))
      this.claims.push({ taskId: claim.task.id, leaseToken: claim.leaseToken })
    return claim
  }

  async heartbeat(claim: ClaimIdentity): Promise<boolean> {
    const request = { ...claim, leaseSeconds: 90, progress: null, actor: 'holder', now: this.now }
    return (await renewLease(this.#pool, request)) !== null
  }

  complete(claim: ClaimIdentity): Promise<Task | null> {
    return completeClaim(this.#pool, claim, { result: {}, actor: 'holder', now: this.now })
  }

  fail(claim: ClaimIdentity): Promise<Task | null> {
    return settleClaim(this.#pool, claim, {
      actor: 'holder',
      now: this.now,
      decide: (task) => settleFailure(task, { error, retryable: true }, 0.5),
    })
  }

  release(claim: ClaimIdentity): Promise<Task | null> {
    return settleClaim(this.#pool, claim, {
      actor: 'holder',
      now: this.now,
      decide: (task) => settleRelease(task, 'a drain', 4),
    })
  }

  cancel(taskId: string): Promise<Task | null> {
    return cancelTask(this.#pool, taskId, { reason: 'enough', actor: 'coordinator', now: this.now })
  }

  async rerun(taskId: string): Promise<boolean> {
    const result = await rerunTask(this.#pool, taskId, { actor: 'coordinator', now: this.now })
    return result.kind === 'rerun'
  }

  async assign(taskId: string, agentId: string): Promise<boolean> {
    const request = { taskId, agentId, executionMode: null, actor: 'coordinator', now: this.now }
    return (await assignTask(this.#pool, request)).kind === 'assigned'
  }

  expired(): Promise<ClaimIdentity[]> {
    return listExpiredClaims(this.#pool, { limit: 100, now: this.now })
  }

  /** One pass of a dispatcher's housekeeping and phase 2, on a day on which no host can be reached. */
  async sweep(): Promise<void> {
    const options = { limit: 100, actor: 'dispatcher', now: this.now }
    for (const claim of await this.expired()) {
      await settleClaim(this.#pool, claim, {
        ...options,
        decide: (task) => (task.expired ? settleExpiry(task, 4, 0.5) : null),
      })
    }
    for (const { claim } of await takeOrphans(this.#pool, { ...options, leaseSeconds: 90 })) {
      const orphan = { taskId: claim.task.id, leaseToken: claim.leaseToken }
      await settleClaim(this.#pool, orphan, {
        ...options,
        decide: (task) => settleAbandon(task, 'out of reach'),
      })
    }
    await makeDue(this.#pool, options)
    for (const key of await listAdmissibleKeys(this.#pool, 100)) await admitNext(this.#pool, key, this.now)
    await flipUndecided(this.#pool, 30, options)
  }

  /** Does one step, whatever comes of it. */
  async take(step: Step): Promise<unknown> {
    switch (step.kind) {
      case 'dequeue':
        return this.dequeue(step.agent, step.key)
      case 'dispatch':
        return this.dispatch()
      case 'cancel':
      case 'rerun':
        return this[step.kind](this.taskId(step.task))
      case 'assign':
        return this.assign(this.taskId(step.task), step.agent)
      case 'sweep':
        this.seconds += step.seconds
        return this.sweep()
      case 'heartbeat':
      case 'complete':
      case 'fail':
      case 'release': {
        const claim = this.claim(step.token)
        return claim === null ? null : this[step.kind](claim)
      }
    }
  }

  /** Works off all that is left, and tells whether nothing was lost on the way. */
  async finishEverything(): Promise<boolean> {
    for (let round = 0; round < 20; round += 1) {
      this.seconds += 1000
      await this.sweep()
      const claims = await this.dispatch()
      for (const agent of AGENTS)
        for (
          let claim = await this.dequeue(agent, null);
          claim !== null;
          claim = await this.dequeue(agent, null)
        )
          claims.push(claim)
      for (const { task, leaseToken } of claims) await this.complete({ taskId: task.id, leaseToken })
      const { rows } = await this.#pool.query('select id from tasks where finished_at is null')
      if (rows.length === 0) return true
    }
    return false
  }
}
