import type { Clock } from '@switchyard/platform'
import {
  claimForAgents,
  createScanMemory,
  isDatabaseUnavailable,
  listAgentsWithReservedTasks,
} from '@switchyard/store'
import type { KnownAgent, Pool } from '@switchyard/store'
import type { AgentDirectory } from './agent-directory.ts'
import { unknownToken } from './authenticate.ts'
import { createClaimDesk, hasToken } from './claim-desk.ts'
import type { ClaimDesk } from './claim-desk.ts'
import type { ApiConfig } from './config.ts'
import { Problem } from './problem.ts'

/** A lost notification costs this much and nothing else: less after something happened, more after long silence. */
const POLL_MILLISECONDS = { least: 1_000, most: 5_000 }
/** Where there are no notifications, this is what a task of another process waits for. */
const POLL_MILLISECONDS_UNHEARD = { least: 1_000, most: 1_000 }
/** Agents with reserved tasks that one piece of news wakes; a poll finds the others. */
const MOST_RESERVED = 10_000

/** The desk at which the dequeues of this process ask the store. */
export function openClaimDesk(
  pool: Pool,
  agents: AgentDirectory,
  config: ApiConfig,
  clock: Clock,
): ClaimDesk {
  const scan = createScanMemory()
  return createClaimDesk({
    claim: (labels, requests) =>
      claimForAgents(pool, {
        labels,
        requests,
        scan,
        startSeconds: config.SWITCHYARD_START_SECONDS,
        now: clock.sqlNow(),
      }),
    findAgent: (id) => agents.byId(id),
    demandAgent: ({ agentId, tokenHash }) => findPullingAgent(agents, agentId, tokenHash),
    listReserved: () => listAgentsWithReservedTasks(pool, MOST_RESERVED),
    isOutage: isDatabaseUnavailable,
    pollMilliseconds: config.SWITCHYARD_LISTEN === 'on' ? POLL_MILLISECONDS : POLL_MILLISECONDS_UNHEARD,
    random: Math.random,
  })
}

/**
 * The pulling agent with this id. Throws `agent_not_found`, `mode_mismatch`, or `unauthenticated` when its token is no longer the one
 * that the call was made with (null: not an agent's call).
 */
export async function findPullingAgent(
  agents: AgentDirectory,
  id: string,
  tokenHash: Buffer | null,
): Promise<KnownAgent> {
  const agent = await agents.byId(id)
  if (agent === null) throw new Problem('agent_not_found', `There is no agent ${id}.`)
  if (!hasToken(agent, tokenHash)) throw unknownToken()
  if (agent.executionMode === 'http_pull') return agent
  throw new Problem(
    'mode_mismatch',
    `${id} is a host: it does not dequeue, a dispatcher brings it its tasks.`,
    {
      agent_mode: agent.executionMode,
      expected_mode: 'http_pull',
    },
  )
}
