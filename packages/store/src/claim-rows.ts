import type { AgentMode, Claim, ShownTask, Task } from '@switchyard/core'
import { toShownTask, toTask } from './task-rows.ts'
import type { ShownTaskRow, TaskRow } from './task-rows.ts'

/** A row of `tasks` that the CHECK constraints promise to be held. */
export interface ClaimRow extends TaskRow {
  execution_mode: AgentMode
  agent_id: string
  lease_token: string
  lease_expires_at: Date
}

/** The claim of a pulling agent, and since when the task was pending. */
export type AgentClaim = Claim<ShownTask & Pick<Task, 'pendingSince'>>

/** A row of `tasks` that is held, with the columns that a pulling agent is told. */
export interface AgentClaimRow extends ShownTaskRow {
  execution_mode: AgentMode
  agent_id: string
  pending_since: Date | null
  lease_token: string
  lease_expires_at: Date
}

/** The claim's answer to a pulling agent: it, and that of a host, are the only places where a lease token leaves the database. */
export function toAgentClaim(row: AgentClaimRow): AgentClaim {
  return {
    task: { ...toShownTask(row), pendingSince: row.pending_since },
    agentId: row.agent_id,
    mode: row.execution_mode,
    leaseToken: row.lease_token,
    leaseExpiresAt: row.lease_expires_at,
  }
}

/** The claim's answer: the only place where a lease token leaves the database. */
export function toClaim(row: ClaimRow): Claim {
  return {
    task: toTask(row),
    agentId: row.agent_id,
    mode: row.execution_mode,
    leaseToken: row.lease_token,
    leaseExpiresAt: row.lease_expires_at,
  }
}
