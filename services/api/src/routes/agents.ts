import { DEFAULT_PAGE_SIZE, ROUTES } from '@switchyard/contract'
import { normalizeLabels } from '@switchyard/core'
import {
  deleteAgent,
  getAgent,
  listAgents,
  registerAgent,
  replaceAgentToken,
  updateAgent,
} from '@switchyard/store'
import type { Agent, AgentChanges } from '@switchyard/store'
import { createAgentToken, hashToken } from '../authenticate.ts'
import type { ApiContext } from '../context.ts'
import { bind } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { page, agentIdFromCursor } from '../http/cursor.ts'
import { Problem } from '../problem.ts'
import { agentToWire } from '../wire/to-wire.ts'

/** Registering agents and keeping them. */
export function bindAgents(binding: Binding, { pool, waker, agents }: ApiContext): void {
  bind(binding, ROUTES.registerAgent, async ({ body }) => {
    const token = createAgentToken()
    const registered = await registerAgent(pool, {
      id: body.id,
      description: body.description ?? '',
      labels: normalizeLabels(body.labels ?? []),
      maxConcurrent: body.max_concurrent ?? null,
      tokenHash: hashToken(token),
    })
    if (!registered) throw new Problem('agent_exists', `There already is an agent or host ${body.id}.`)
    return { status: 201, body: { agent: agentToWire(await find(body.id)), token } }
  })

  bind(binding, ROUTES.listAgents, async ({ query }) => {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE
    const { items, nextCursor } = page(
      await listAgents(pool, agentIdFromCursor(query.cursor), limit + 1),
      limit,
    )
    return { status: 200, body: { agents: items.map(agentToWire), next_cursor: nextCursor } }
  })

  bind(binding, ROUTES.getAgent, async ({ params }, { principal }) => {
    if (principal.role === 'agent' && principal.agent.id !== params.agent_id) {
      throw new Problem(
        'forbidden',
        `This is the token of ${principal.agent.id}, and the request is for ${params.agent_id}.`,
        {
          allowed_roles: ['admin', 'coordinator'],
        },
      )
    }
    return { status: 200, body: agentToWire(await find(params.agent_id)) }
  })

  bind(binding, ROUTES.updateAgent, async ({ params, body }) => {
    const agent = await find(params.agent_id)
    if (agent.executionMode === 'ssh_cli' && body.max_concurrent === null) {
      throw new Problem(
        'mode_mismatch',
        `${agent.id} is a host, and a host always has a limit: max_concurrent cannot be null.`,
        {
          agent_mode: agent.executionMode,
          expected_mode: 'http_pull',
        },
      )
    }
    await updateAgent(pool, params.agent_id, changesFrom(body))
    agents.forget(params.agent_id)
    waker.wake()
    return { status: 200, body: agentToWire(await find(params.agent_id)) }
  })

  bind(binding, ROUTES.replaceAgentToken, async ({ params }) => {
    const agent = await find(params.agent_id)
    const token = createAgentToken()
    if (!(await replaceAgentToken(pool, agent.id, hashToken(token))))
      throw isHost(agent.id, 'has no token: a dispatcher logs in to it')
    agents.forget(agent.id)
    return { status: 200, body: { agent: agentToWire(agent), token } }
  })

  bind(binding, ROUTES.deleteAgent, async ({ params }) => {
    const deleted = await deleteAgent(pool, params.agent_id, 'http_pull')
    agents.forget(params.agent_id)
    switch (deleted.kind) {
      case 'deleted':
        return { status: 204 }
      case 'not_found':
        throw notFound(params.agent_id)
      case 'wrong_mode':
        throw isHost(params.agent_id, 'is deleted as one')
      case 'in_use':
        throw inUse(params.agent_id, deleted)
    }
  })

  async function find(id: string): Promise<Agent> {
    const agent = await getAgent(pool, id)
    if (agent === null) throw notFound(id)
    return agent
  }
}

/** The problem of deleting what unfinished tasks, or other hosts, need. */
export function inUse(
  id: string,
  { held, assigned, behind }: { readonly held: number; readonly assigned: number; readonly behind: number },
): Problem {
  const hosts = behind === 0 ? '' : ` ${behind} host(s) are reached through it.`
  const happened = `${id} holds ${held} task(s) and ${assigned} more are assigned to it.${hosts}`
  return new Problem('agent_in_use', happened, { held, assigned, behind })
}

function notFound(id: string): Problem {
  return new Problem('agent_not_found', `There is no agent ${id}.`)
}

function isHost(id: string, and: string): Problem {
  return new Problem('mode_mismatch', `${id} is a host and ${and}.`, {
    agent_mode: 'ssh_cli',
    expected_mode: 'http_pull',
  })
}

function changesFrom(body: {
  readonly description?: string
  readonly labels?: readonly string[]
  readonly max_concurrent?: number | null
  readonly paused?: boolean
}): AgentChanges {
  return {
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(body.labels === undefined ? {} : { labels: normalizeLabels(body.labels) }),
    ...(body.max_concurrent === undefined ? {} : { maxConcurrent: body.max_concurrent }),
    ...(body.paused === undefined ? {} : { paused: body.paused }),
  }
}
