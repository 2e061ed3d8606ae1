import type { Claim } from '@switchyard/core'
import { toClaim } from './claim-rows.ts'
import type { ClaimRow } from './claim-rows.ts'
import type { Queryable } from './pool.ts'

// By id: whoever locks several agents locks them in the same order.
const LOCK_AGENTS = /* sql */ `
  select id, paused from agents where id = any($1::text[]) order by id for no key update`

const LOCK_FREE_AGENTS = /* sql */ `
  select id, paused from agents where id = any($1::text[]) order by id for no key update skip locked`

const LIST_AGENT_IDS = /* sql */ `select id from agents where id = any($1::text[])`

const REPEAT_CLAIMS = /* sql */ `
  update tasks t
     set lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4)
    from unnest($1::text[], $2::text[]) as r(agent_id, request_key)
   where t.agent_id = r.agent_id and t.request_key = r.request_key and t.status = 'claimed'
  returning t.*`

const COUNT_HELD = /* sql */ `
  select agent_id as "agentId", count(*) as held from tasks
   where agent_id = any($1::text[]) and status in ('claimed', 'running', 'orphaned')
   group by agent_id`

/** `busy`: somebody else has its row. A deleted agent is as good as paused. */
export type AgentReadiness = 'ready' | 'paused' | 'busy'

/** Locks the rows of these agents until the transaction ends, so that what is counted next stays true. */
export async function lockAgents(
  db: Queryable,
  agentIds: readonly string[],
  whenLocked: 'skip' | 'wait',
): Promise<Map<string, AgentReadiness>> {
  const { rows } = await db.query<{ id: string; paused: boolean }>(
    whenLocked === 'wait'
      ? { name: 'lock_agents', text: LOCK_AGENTS, values: [agentIds] }
      : { name: 'lock_free_agents', text: LOCK_FREE_AGENTS, values: [agentIds] },
  )
  const readiness = new Map<string, AgentReadiness>(agentIds.map((id) => [id, 'paused']))
  for (const { id, paused } of rows) readiness.set(id, paused ? 'paused' : 'ready')
  if (whenLocked === 'skip' && rows.length < agentIds.length) {
    const missing = agentIds.filter((id) => !rows.some((row) => row.id === id))
    const existing = await db.query<{ id: string }>({
      name: 'list_agent_ids',
      text: LIST_AGENT_IDS,
      values: [missing],
    })
    for (const { id } of existing.rows) readiness.set(id, 'busy')
  }
  return readiness
}

/** An agent, and the key of one of its requests. */
export interface RequestIdentity {
  readonly agentId: string
  readonly requestKey: string
}

/** One text for the pair; an agent's id has no blank. */
export function requestIdentity({ agentId, requestKey }: RequestIdentity): string {
  return `${agentId} ${requestKey}`
}

/** The claims that these requests already made and that have not started, by requestIdentity. Each gets its start deadline anew. */
export async function repeatClaims(
  db: Queryable,
  requests: readonly RequestIdentity[],
  { startSeconds, now }: { readonly startSeconds: number; readonly now: Date | null },
): Promise<Map<string, Claim>> {
  const { rows } = await db.query<ClaimRow & { request_key: string }>({
    name: 'repeat_claims',
    text: REPEAT_CLAIMS,
    values: [
      requests.map(({ agentId }) => agentId),
      requests.map(({ requestKey }) => requestKey),
      now,
      startSeconds,
    ],
  })
  return new Map(
    rows.map((row) => [
      requestIdentity({ agentId: row.agent_id, requestKey: row.request_key }),
      toClaim(row),
    ]),
  )
}

/** How many tasks each of these agents holds; who holds none is not in it. */
export async function countHeld(db: Queryable, agentIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ agentId: string; held: number }>({
    name: 'count_held',
    text: COUNT_HELD,
    values: [agentIds],
  })
  return new Map(rows.map(({ agentId, held }) => [agentId, held]))
}

export const AGENT_STANDING_STATEMENTS = {
  lock_agents: LOCK_AGENTS,
  lock_free_agents: LOCK_FREE_AGENTS,
  list_agent_ids: LIST_AGENT_IDS,
  repeat_claims: REPEAT_CLAIMS,
  count_held: COUNT_HELD,
}
