import type { Candidate, TaskStatus } from '@switchyard/core'
import type { Queryable } from './pool.ts'

const LIST_CANDIDATES = /* sql */ `
  select a.id as "agentId", a.execution_mode as "executionMode", a.labels, a.max_concurrent as "maxConcurrent", a.paused,
         (select count(*) from tasks t where t.agent_id = a.id and t.status in ('claimed', 'running', 'orphaned')) as held,
         h.cooling_down_until as "coolingDownUntil", h.last_error as "lastError",
         h.blocked_reason as "blockedReason", a.last_seen_at as "lastSeenAt"
    from agents a left join hosts h on h.id = a.id
   order by a.id
   limit $1`

const FIND_PREDECESSOR = /* sql */ `
  select id, status from tasks
   where concurrency_key = $1 and status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned')`

// In the lanes that everybody may use who may have this task: that they come first is certain.
const COUNT_AHEAD = /* sql */ `
  select count(*) as ahead
    from tasks this
    join lanes l on l.requires <@ this.requires
    join tasks t on t.lane = l.id and t.status = 'pending' and t.turn >= 0 and t.assigned_agent_id is null
                and (t.priority, t.turn, t.position) < (this.priority, this.turn, this.position)
   where this.id = $1`

/** Everybody who could execute something, with what speaks for and against. */
export async function listCandidates(db: Queryable, limit: number): Promise<Candidate[]> {
  const { rows } = await db.query<Candidate>({
    name: 'list_candidates',
    text: LIST_CANDIDATES,
    values: [limit],
  })
  return rows
}

/** The unfinished task that a waiting one waits for, or null. */
export async function findPredecessor(
  db: Queryable,
  concurrencyKey: string,
): Promise<{ readonly id: string; readonly status: TaskStatus } | null> {
  const { rows } = await db.query<{ id: string; status: TaskStatus }>({
    name: 'find_predecessor',
    text: FIND_PREDECESSOR,
    values: [concurrencyKey],
  })
  return rows[0] ?? null
}

/** How many pending tasks, which everybody may take who may take this one, stand before it in the queue. */
export async function countAhead(db: Queryable, taskId: string): Promise<number> {
  const { rows } = await db.query<{ ahead: number }>({
    name: 'count_ahead',
    text: COUNT_AHEAD,
    values: [taskId],
  })
  return rows[0]?.ahead ?? 0
}

export const ROUTING_FACT_STATEMENTS = {
  list_candidates: LIST_CANDIDATES,
  find_predecessor: FIND_PREDECESSOR,
  count_ahead: COUNT_AHEAD,
}
