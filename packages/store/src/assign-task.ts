import { UNHELD_STATUSES } from '@switchyard/core'
import type { AgentMode, Task } from '@switchyard/core'
import { inTransaction } from './pool.ts'
import type { Pool } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

// The shared lock holds off a deletion of the agent until the assignment is committed.
const LOCK_ASSIGNEE = /* sql */ `select execution_mode from agents where id = $1 for key share`

const LOCK_TASK = /* sql */ `select * from tasks where id = $1 for update`

const ASSIGN_TASK = /* sql */ `
  with assigned as (
    update tasks
       set assigned_agent_id = $2, execution_mode = $3, mode_decided_by = 'coordinator',
           mode_decided_at = coalesce($5::timestamptz, now()), mode_reason = 'assigned to ' || $2
     where id = $1 and status = any($4::text[])
    returning *
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, actor, reason)
    select id, mode_decided_at, 'assigned', status, status, execution_mode, $2, attempt, $6, mode_reason from assigned
  )
  select * from assigned`

export interface AssignTaskRequest {
  readonly taskId: string
  readonly agentId: string
  /** null: the agent's own. */
  readonly executionMode: AgentMode | null
  readonly actor: string
  readonly now?: Date | null
}

export type AssignTaskResult =
  | { readonly kind: 'assigned'; readonly task: Task }
  | { readonly kind: 'task_not_found' }
  | { readonly kind: 'agent_not_found' }
  | { readonly kind: 'invalid_state'; readonly task: Task }
  | { readonly kind: 'mode_mismatch'; readonly task: Task; readonly agentMode: AgentMode }

/**
 * Reserves a task that nobody holds for one agent or host. The mode is the agent's own; it is a mismatch to ask for the
 * other one, or to assign a task whose creator asked for one track to an agent of the other. Labels are not asked: the
 * coordinator's word counts.
 */
export function assignTask(pool: Pool, request: AssignTaskRequest): Promise<AssignTaskResult> {
  return inTransaction(pool, async (connection) => {
    const locked = await connection.query<TaskRow>({
      name: 'lock_task',
      text: LOCK_TASK,
      values: [request.taskId],
    })
    const before = locked.rows[0]
    if (before === undefined) return { kind: 'task_not_found' }
    const agents = await connection.query<{ execution_mode: AgentMode }>({
      name: 'lock_assignee',
      text: LOCK_ASSIGNEE,
      values: [request.agentId],
    })
    const agentMode = agents.rows[0]?.execution_mode
    if (agentMode === undefined) return { kind: 'agent_not_found' }
    const task = toTask(before)
    const wanted = request.executionMode ?? agentMode
    const requested = task.requestedMode === 'undecided' ? wanted : task.requestedMode
    if (wanted !== agentMode || requested !== agentMode) return { kind: 'mode_mismatch', task, agentMode }
    const assigned = await connection.query<TaskRow>({
      name: 'assign_task',
      text: ASSIGN_TASK,
      values: [
        request.taskId,
        request.agentId,
        agentMode,
        UNHELD_STATUSES,
        request.now ?? null,
        request.actor,
      ],
    })
    const row = assigned.rows[0]
    return row === undefined ? { kind: 'invalid_state', task } : { kind: 'assigned', task: toTask(row) }
  })
}

export const ASSIGN_STATEMENTS = {
  lock_assignee: LOCK_ASSIGNEE,
  lock_task: LOCK_TASK,
  assign_task: ASSIGN_TASK,
}
