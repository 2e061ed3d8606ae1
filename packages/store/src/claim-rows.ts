import type { AgentMode, Claim, ShownTask, Task } from '@switchyard/core'
import { toShownTask, toTask } from './task-rows.ts'
import type { ShownTaskRow, TaskRow } from './task-rows.ts'

/** What the CHECK constraints promise of a task that is held. */
interface HeldColumns {
  execution_mode: AgentMode
  agent_id: string
  lease_token: string
  lease_expires_at: Date
}

/** A row of `tasks` that is held. */
export type ClaimRow = TaskRow & HeldColumns

/** The same with the columns that a pulling agent is told. */
export type AgentClaimRow = ShownTaskRow & HeldColumns & Pick<TaskRow, 'pending_since'>

/** The claim of a pulling agent, and since when the task was pending. */
export type AgentClaim = Claim<ShownTask & Pick<Task, 'pendingSince'>>

/** The claim as it is told to a pulling agent. */
export function toAgentClaim(row: AgentClaimRow): AgentClaim {
  return claimOf(row, { ...toShownTask(row), pendingSince: row.pending_since })
}

export function toClaim(row: ClaimRow): Claim {
  return claimOf(row, toTask(row))
}

/** The claim's answer: the only place where a lease token leaves the database. */
function claimOf<Told extends ShownTask>(row: HeldColumns, task: Told): Claim<Told> {
  return {
    task,
    agentId: row.agent_id,
    mode: row.execution_mode,
    leaseToken: row.lease_token,
    leaseExpiresAt: row.lease_expires_at,
  }
}
