import type { AgentMode } from '@switchyard/core'
import { inTransaction } from './pool.ts'
import type { Pool, Queryable } from './pool.ts'

export interface Agent {
  readonly id: string
  readonly executionMode: AgentMode
  readonly description: string
  readonly labels: readonly string[]
  /** null: no limit. */
  readonly maxConcurrent: number | null
  readonly paused: boolean
  readonly lastSeenAt: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Tasks it holds now. */
  readonly held: number
}

const REGISTER_AGENT = /* sql */ `
  insert into agents (id, execution_mode, description, labels, max_concurrent, token_hash)
  values ($1, 'http_pull', $2, $3, $4, $5)
  on conflict (id) do nothing
  returning id`

const GET_AGENT = /* sql */ `
  select a.id, a.execution_mode as "executionMode", a.description, a.labels, a.max_concurrent as "maxConcurrent", a.paused,
         a.last_seen_at as "lastSeenAt", a.created_at as "createdAt", a.updated_at as "updatedAt",
         (select count(*) from tasks t where t.agent_id = a.id and t.status in ('claimed', 'running', 'orphaned')) as held
    from agents a where a.id = $1`

const LIST_AGENTS = /* sql */ `
  select a.id, a.execution_mode as "executionMode", a.description, a.labels, a.max_concurrent as "maxConcurrent", a.paused,
         a.last_seen_at as "lastSeenAt", a.created_at as "createdAt", a.updated_at as "updatedAt",
         (select count(*) from tasks t where t.agent_id = a.id and t.status in ('claimed', 'running', 'orphaned')) as held
    from agents a
   where ($1::text is null or a.id > $1)
   order by a.id
   limit $2`

const FIND_AGENTS_BY_TOKEN = /* sql */ `
  select id, execution_mode as "executionMode", labels, max_concurrent as "maxConcurrent", paused, token_hash as "tokenHash",
         last_seen_at is null or last_seen_at < now() - interval '10 seconds' as "seenLongAgo"
    from agents where token_hash = any($1::bytea[])`

const FIND_AGENTS = /* sql */ `
  select id, execution_mode as "executionMode", labels, max_concurrent as "maxConcurrent", paused, token_hash as "tokenHash",
         last_seen_at is null or last_seen_at < now() - interval '10 seconds' as "seenLongAgo"
    from agents where id = any($1::text[])`

// Skipped rather than waited for: somebody who counts what the agent holds has its row, or another process writes the same.
const MARK_AGENTS_SEEN = /* sql */ `
  with seen as materialized (
    select id from agents
     where id = any($1::text[]) and (last_seen_at is null or last_seen_at < now() - interval '10 seconds')
       for no key update skip locked
  )
  update agents a set last_seen_at = now() from seen where a.id = seen.id`

const UPDATE_AGENT = /* sql */ `
  update agents
     set description = coalesce($2, description), labels = coalesce($3, labels),
         max_concurrent = case when $4::boolean then $5::integer else max_concurrent end,
         paused = coalesce($6, paused), updated_at = now()
   where id = $1
  returning id`

const REPLACE_TOKEN = /* sql */ `
  update agents set token_hash = $2, updated_at = now() where id = $1 and execution_mode = 'http_pull' returning id`

const LOCK_AGENT_ROW = /* sql */ `select execution_mode from agents where id = $1 for update`
const COUNT_AGENT_TASKS = /* sql */ `
  select count(*) filter (where agent_id = $1) as held, count(*) filter (where agent_id is distinct from $1) as assigned,
         (select count(*) from hosts where proxy_jump = $1) as behind
    from tasks
   where (agent_id = $1 and status in ('claimed', 'running', 'orphaned'))
      or (assigned_agent_id = $1 and status not in ('succeeded', 'failed', 'cancelled'))`
const DELETE_AGENT = /* sql */ `delete from agents where id = $1`

export interface NewAgent {
  readonly id: string
  readonly description: string
  readonly labels: readonly string[]
  readonly maxConcurrent: number | null
  readonly tokenHash: Buffer
}

/** Registers an http_pull agent. False when the id is taken, by an agent or by a host. */
export async function registerAgent(db: Queryable, agent: NewAgent): Promise<boolean> {
  const { rows } = await db.query({
    name: 'register_agent',
    text: REGISTER_AGENT,
    values: [agent.id, agent.description, agent.labels, agent.maxConcurrent, agent.tokenHash],
  })
  return rows.length > 0
}

/** The agent or host with this id, or null. */
export async function getAgent(db: Queryable, id: string): Promise<Agent | null> {
  const { rows } = await db.query<Agent>({ name: 'get_agent', text: GET_AGENT, values: [id] })
  return rows[0] ?? null
}

/** Agents and hosts by id, behind the given one. */
export async function listAgents(db: Queryable, afterId: string | null, limit: number): Promise<Agent[]> {
  const { rows } = await db.query<Agent>({ name: 'list_agents', text: LIST_AGENTS, values: [afterId, limit] })
  return rows
}

/** What a claim asks of an agent or host, and who it is. */
export type KnownAgent = Pick<Agent, 'id' | 'executionMode' | 'labels' | 'maxConcurrent' | 'paused'> & {
  /** null: a host. */
  readonly tokenHash: Buffer | null
  /** The note that it was seen is older than ten seconds. */
  readonly seenLongAgo: boolean
}

/** The agents that have these tokens, in any order; hashes that nobody has are left out. */
export async function findAgentsByTokenHashes(
  db: Queryable,
  tokenHashes: readonly Buffer[],
): Promise<KnownAgent[]> {
  const { rows } = await db.query<KnownAgent>({
    name: 'find_agents_by_token',
    text: FIND_AGENTS_BY_TOKEN,
    values: [tokenHashes],
  })
  return rows
}

/** The agents and hosts with these ids, in any order; ids that nobody has are left out. */
export async function findAgents(db: Queryable, ids: readonly string[]): Promise<KnownAgent[]> {
  const { rows } = await db.query<KnownAgent>({ name: 'find_agents', text: FIND_AGENTS, values: [ids] })
  return rows
}

/** Notes that these agents were seen just now, unless that was noted within the last ten seconds. */
export async function markAgentsSeen(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query({ name: 'mark_agents_seen', text: MARK_AGENTS_SEEN, values: [ids] })
}

export interface AgentChanges {
  readonly description?: string
  readonly labels?: readonly string[]
  /** null lifts the limit. */
  readonly maxConcurrent?: number | null
  readonly paused?: boolean
}

/** Changes what is given and leaves the rest. False when there is no such agent. */
export async function updateAgent(db: Queryable, id: string, changes: AgentChanges): Promise<boolean> {
  const { rows } = await db.query({
    name: 'update_agent',
    text: UPDATE_AGENT,
    values: [
      id,
      changes.description ?? null,
      changes.labels ?? null,
      changes.maxConcurrent !== undefined,
      changes.maxConcurrent ?? null,
      changes.paused ?? null,
    ],
  })
  return rows.length > 0
}

/** Gives an http_pull agent a new token; the old one stops working at once. False when there is no such agent. */
export async function replaceAgentToken(db: Queryable, id: string, tokenHash: Buffer): Promise<boolean> {
  const { rows } = await db.query({ name: 'replace_token', text: REPLACE_TOKEN, values: [id, tokenHash] })
  return rows.length > 0
}

export type DeleteAgentResult =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'wrong_mode' }
  | { readonly kind: 'in_use'; readonly held: number; readonly assigned: number; readonly behind: number }

/** Deletes an agent or host that no unfinished task needs, and through which no other host is reached. Its row lock holds off assignments meanwhile. */
export function deleteAgent(pool: Pool, id: string, mode: AgentMode): Promise<DeleteAgentResult> {
  return inTransaction(pool, async (connection) => {
    const locked = await connection.query<{ execution_mode: AgentMode }>({
      name: 'lock_agent_row',
      text: LOCK_AGENT_ROW,
      values: [id],
    })
    const row = locked.rows[0]
    if (row === undefined) return { kind: 'not_found' }
    if (row.execution_mode !== mode) return { kind: 'wrong_mode' }
    const counted = await connection.query<{ held: number; assigned: number; behind: number }>({
      name: 'count_agent_tasks',
      text: COUNT_AGENT_TASKS,
      values: [id],
    })
    const { held = 0, assigned = 0, behind = 0 } = counted.rows[0] ?? {}
    if (held > 0 || assigned > 0 || behind > 0) return { kind: 'in_use', held, assigned, behind }
    await connection.query({ name: 'delete_agent', text: DELETE_AGENT, values: [id] })
    return { kind: 'deleted' }
  })
}

export const AGENT_STATEMENTS = {
  register_agent: REGISTER_AGENT,
  get_agent: GET_AGENT,
  list_agents: LIST_AGENTS,
  find_agents_by_token: FIND_AGENTS_BY_TOKEN,
  find_agents: FIND_AGENTS,
  mark_agents_seen: MARK_AGENTS_SEEN,
  update_agent: UPDATE_AGENT,
  replace_token: REPLACE_TOKEN,
  lock_agent_row: LOCK_AGENT_ROW,
  count_agent_tasks: COUNT_AGENT_TASKS,
  delete_agent: DELETE_AGENT,
}
