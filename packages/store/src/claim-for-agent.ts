import type { Claim } from '@switchyard/core'
import { toClaim } from './claim-rows.ts'
import type { ClaimRow } from './claim-rows.ts'
import { inTransaction } from './pool.ts'
import type { Pool, Queryable } from './pool.ts'

/**
 * The claim of the pulling agents: one task, or none. The CTE locks and the update takes, in one statement.
 * - `materialized`: a limited, locking select that the planner may run again would lock more rows than it returns.
 * - `for update skip locked`: whoever races for the same row goes on to the next one; nobody waits.
 * - Every condition stands inside the locking select: a filter after the limit would starve.
 * - The partial index's predicate (tasks_pull_queue) stands literally, so that a generic plan can use it.
 */
const CLAIM_FOR_AGENT = /* sql */ `
  with next as materialized (
    select id, execution_mode as previous_mode from tasks
     where status = 'pending' and execution_mode in ('http_pull', 'undecided')
       and (assigned_agent_id = $1 or (assigned_agent_id is null and requires <@ $2::text[]))
     order by priority, position
     limit 1
       for update skip locked
  ), claimed as (
    update tasks t
       set status = 'claimed',
           execution_mode = 'http_pull',
           mode_decided_by = case when next.previous_mode = 'undecided' then 'dequeue' else t.mode_decided_by end,
           mode_decided_at = case when next.previous_mode = 'undecided' then coalesce($3::timestamptz, now()) else t.mode_decided_at end,
           mode_reason = case when next.previous_mode = 'undecided' then 'undecided until ' || $1 || ' dequeued it' else t.mode_reason end,
           agent_id = $1,
           lease_token = gen_random_uuid(),
           lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4),
           request_key = $5,
           attempt = t.attempt + 1,
           deliveries = t.deliveries + 1,
           claimed_at = coalesce($3::timestamptz, now()),
           started_at = null, progress = null, log_bytes = 0
      from next
     where t.id = next.id
    returning t.*
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, claimed_at, 'claim', 'pending', status, execution_mode, agent_id, attempt, lease_token, 'agent:' || agent_id, mode_reason
      from claimed
  )
  select * from claimed`

const REPEAT_CLAIM = /* sql */ `
  update tasks
     set lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4)
   where agent_id = $1 and request_key = $2 and status = 'claimed'
  returning *`

const LOCK_AGENT = /* sql */ `select paused from agents where id = $1 for no key update`
const COUNT_HELD = /* sql */ `
  select count(*) as held from tasks where agent_id = $1 and status in ('claimed', 'running', 'orphaned')`

export interface ClaimForAgentRequest {
  readonly agentId: string
  readonly labels: readonly string[]
  /** null: no limit. */
  readonly maxConcurrent: number | null
  /** The holder must show that it started within this many seconds. */
  readonly startSeconds: number
  /** Chosen by the caller; the same key gets the same claim again while it has not started. */
  readonly requestKey: string | null
  readonly now?: Date | null
}

export type ClaimForAgentResult =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'empty' }
  | { readonly kind: 'full' }
  | { readonly kind: 'paused' }

/**
 * Claims the first task that fits this agent, `http_pull` or `undecided` alike; an undecided one becomes http_pull in the
 * same statement. A repeated request key gets the claim it already made, so a lost answer loses no task.
 */
export async function claimForAgent(pool: Pool, request: ClaimForAgentRequest): Promise<ClaimForAgentResult> {
  return request.maxConcurrent === null && request.requestKey === null
    ? claimNext(pool, request)
    : claimUnderLock(pool, request)
}

async function claimNext(db: Queryable, request: ClaimForAgentRequest): Promise<ClaimForAgentResult> {
  const { rows } = await db.query<ClaimRow>({
    name: 'claim_for_agent',
    text: CLAIM_FOR_AGENT,
    values: [request.agentId, request.labels, request.now ?? null, request.startSeconds, request.requestKey],
  })
  return rows[0] === undefined ? { kind: 'empty' } : { kind: 'claimed', claim: toClaim(rows[0]) }
}

/**
 * The claim that this request key already made and that has not started, or `empty`. Waits for calls of the agent that
 * are claiming at this moment.
 */
export function repeatClaimForAgent(
  pool: Pool,
  request: Pick<ClaimForAgentRequest, 'agentId' | 'startSeconds' | 'now'> & { readonly requestKey: string },
): Promise<ClaimForAgentResult> {
  return inTransaction(pool, async (connection) => {
    await lockAgent(connection, request.agentId)
    const claim = await repeatClaim(connection, request)
    return claim === null ? { kind: 'empty' } : { kind: 'claimed', claim }
  })
}

/**
 * Under a lock on the agent's row: two calls at once cannot both take the last slot, and the second of two calls with
 * the same request key finds the claim of the first.
 */
function claimUnderLock(pool: Pool, request: ClaimForAgentRequest): Promise<ClaimForAgentResult> {
  return inTransaction(pool, async (connection) => {
    const paused = await lockAgent(connection, request.agentId)
    const repeated = request.requestKey === null ? null : await repeatClaim(connection, request)
    if (repeated !== null) return { kind: 'claimed', claim: repeated }
    if (paused) return { kind: 'paused' }
    if (request.maxConcurrent === null) return claimNext(connection, request)
    const counted = await connection.query<{ held: number }>({
      name: 'count_held',
      text: COUNT_HELD,
      values: [request.agentId],
    })
    if ((counted.rows[0]?.held ?? 0) >= request.maxConcurrent) return { kind: 'full' }
    return claimNext(connection, request)
  })
}

/** Whether it is paused, or was deleted meanwhile. */
async function lockAgent(db: Queryable, agentId: string): Promise<boolean> {
  const { rows } = await db.query<{ paused: boolean }>({
    name: 'lock_agent',
    text: LOCK_AGENT,
    values: [agentId],
  })
  return rows[0]?.paused !== false
}

async function repeatClaim(
  db: Queryable,
  request: Pick<ClaimForAgentRequest, 'agentId' | 'startSeconds' | 'requestKey' | 'now'>,
): Promise<Claim | null> {
  const { rows } = await db.query<ClaimRow>({
    name: 'repeat_claim',
    text: REPEAT_CLAIM,
    values: [request.agentId, request.requestKey, request.now ?? null, request.startSeconds],
  })
  return rows[0] === undefined ? null : toClaim(rows[0])
}

export const CLAIM_FOR_AGENT_STATEMENTS = {
  claim_for_agent: CLAIM_FOR_AGENT,
  repeat_claim: REPEAT_CLAIM,
  lock_agent: LOCK_AGENT,
  count_held: COUNT_HELD,
}
