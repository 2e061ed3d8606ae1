import type { Queryable } from './pool.ts'

// One look into the index per agent, however many tasks each has: PostgreSQL knows no skip scan for `distinct`.
const LIST_AGENTS_WITH_RESERVED_TASKS = /* sql */ `
  with recursive reserved as (
    (select assigned_agent_id as id from tasks
      where assigned_agent_id is not null and status = (select 'pending') and execution_mode = 'http_pull'
      order by assigned_agent_id
      limit 1)
    union all
    select (select t.assigned_agent_id from tasks t
             where t.assigned_agent_id > reserved.id and t.status = (select 'pending') and t.execution_mode = 'http_pull'
             order by t.assigned_agent_id
             limit 1)
      from reserved
     where reserved.id is not null
  )
  select id from reserved where id is not null limit $1`

/** Pulling agents for which a pending task is reserved, at most so many. */
export async function listAgentsWithReservedTasks(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'list_agents_with_reserved_tasks',
    text: LIST_AGENTS_WITH_RESERVED_TASKS,
    values: [limit],
  })
  return rows.map(({ id }) => id)
}

export const RESERVED_STATEMENTS = { list_agents_with_reserved_tasks: LIST_AGENTS_WITH_RESERVED_TASKS }
