import type { AgentMode, Claim } from '@switchyard/core'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

/** A row of `tasks` that the CHECK constraints promise to be held. */
export interface ClaimRow extends TaskRow {
  execution_mode: AgentMode
  agent_id: string
  lease_token: string
  lease_expires_at: Date
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
