import type { Queryable } from './pool.ts'

// Lanes in which something waits for a host, and what is reserved for single ones. The order says which index is to be read
// (tasks_push_queue): without it the planner would read the table to find one row of a lane that has most of them.
const LIST_OPEN_LANES = /* sql */ `
  select l.requires, null::text as "agentId" from lanes l
   where exists (select 1 from (values (1::smallint), (2::smallint), (3::smallint), (4::smallint)) as p(priority)
                  cross join lateral (select 1 from tasks t
                    where t.status = 'pending' and t.assigned_agent_id is null and t.execution_mode in ('ssh_cli', 'undecided')
                      and t.lane = l.id and t.priority = p.priority
                    order by t.turn, t.position limit 1) head)
   union all
  select null, assigned_agent_id from tasks
   where status = (select 'pending') and assigned_agent_id is not null and execution_mode = 'ssh_cli'
   group by assigned_agent_id`

/** The sets of labels that are required, and the hosts for which something is reserved. */
export interface OpenLanes {
  readonly requires: readonly (readonly string[])[]
  readonly hostIds: ReadonlySet<string>
}

/** What waits for hosts. */
export async function listOpenLanes(db: Queryable): Promise<OpenLanes> {
  const { rows } = await db.query<{ requires: string[] | null; agentId: string | null }>({
    name: 'list_open_lanes',
    text: LIST_OPEN_LANES,
    values: [],
  })
  return {
    requires: rows.flatMap(({ requires }) => (requires === null ? [] : [requires])),
    hostIds: new Set(rows.flatMap(({ agentId }) => (agentId === null ? [] : [agentId]))),
  }
}

export const OPEN_LANES_STATEMENTS = { list_open_lanes: LIST_OPEN_LANES }
