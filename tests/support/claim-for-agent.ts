import { claimForAgents } from '@switchyard/store'
import type { AgentRequest, ClaimForAgentResult, ClaimForAgentsOptions, Pool } from '@switchyard/store'

export type ClaimForAgentRequest = AgentRequest & Omit<ClaimForAgentsOptions, 'requests' | 'whenLocked'>

/** As claimForAgents, for one request that waits for its agent's row. */
export async function claimForAgent(pool: Pool, request: ClaimForAgentRequest): Promise<ClaimForAgentResult> {
  const options = { ...request, requests: [request], whenLocked: 'wait' as const }
  for (;;) {
    const [result] = await claimForAgents(pool, options)
    if (result !== undefined && result.kind !== 'busy') return result
  }
}
