import type { ExecutionMode, Task, TaskStatus } from '@switchyard/core'
import type { Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

const GET_TASK = /* sql */ `select * from tasks where id = $1`

// Newest first: ids are UUIDv7, so the primary key is the order of creation.
const LIST_TASKS = /* sql */ `
  select * from tasks
   where ($1::text[] is null or status = any($1))
     and ($2::text[] is null or execution_mode = any($2))
     and ($3::text is null or repository = $3)
     and ($4::text is null or agent_id = $4 or assigned_agent_id = $4)
     and ($5::uuid is null or id < $5)
   order by id desc
   limit $6`

export interface TaskFilter {
  readonly statuses: readonly TaskStatus[] | null
  readonly executionModes: readonly ExecutionMode[] | null
  readonly repository: string | null
  /** Who holds, held, or is assigned. */
  readonly agentId: string | null
  /** Only tasks created before this one. */
  readonly beforeId: string | null
  readonly limit: number
}

/** The task, or null. */
export async function getTask(db: Queryable, id: string): Promise<Task | null> {
  const { rows } = await db.query<TaskRow>({ name: 'get_task', text: GET_TASK, values: [id] })
  return rows[0] === undefined ? null : toTask(rows[0])
}

/** Tasks that fit the filter, newest first. */
export async function listTasks(db: Queryable, filter: TaskFilter): Promise<Task[]> {
  const { rows } = await db.query<TaskRow>({
    name: 'list_tasks',
    text: LIST_TASKS,
    values: [
      filter.statuses,
      filter.executionModes,
      filter.repository,
      filter.agentId,
      filter.beforeId,
      filter.limit,
    ],
  })
  return rows.map(toTask)
}

export const READ_STATEMENTS = { get_task: GET_TASK, list_tasks: LIST_TASKS }
