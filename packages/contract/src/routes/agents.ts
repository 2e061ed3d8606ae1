import Type from 'typebox'
import { route } from '../route.ts'
import { Agent, AgentChanges, AgentList, NewAgent, RegisteredAgent } from '../schemas/agent.ts'
import { AgentId, Cursor, Limit } from '../schemas/common.ts'

const AgentParams = Type.Object({ agent_id: AgentId })

export const registerAgent = route({
  operationId: 'registerAgent',
  method: 'post',
  path: '/api/v1/agents',
  tag: 'Agents',
  summary: 'Register an agent and get its token',
  roles: ['admin', 'coordinator'],
  body: NewAgent,
  answers: { 201: { description: 'The agent, and its token, shown this once.', schema: RegisteredAgent } },
  problems: ['agent_exists'],
})

export const listAgents = route({
  operationId: 'listAgents',
  method: 'get',
  path: '/api/v1/agents',
  tag: 'Agents',
  summary: 'List agents and hosts',
  roles: ['admin', 'coordinator'],
  query: Type.Object({ limit: Limit, cursor: Cursor }, { additionalProperties: false }),
  answers: { 200: { description: 'A page of agents.', schema: AgentList } },
  problems: [],
})

export const getAgent = route({
  operationId: 'getAgent',
  method: 'get',
  path: '/api/v1/agents/{agent_id}',
  tag: 'Agents',
  summary: 'Read an agent',
  description: 'An agent may read itself.',
  roles: ['admin', 'coordinator', 'agent'],
  params: AgentParams,
  answers: { 200: { description: 'The agent.', schema: Agent } },
  problems: ['agent_not_found'],
})

export const updateAgent = route({
  operationId: 'updateAgent',
  method: 'patch',
  path: '/api/v1/agents/{agent_id}',
  tag: 'Agents',
  summary: 'Pause, resume or relabel an agent or host',
  roles: ['admin', 'coordinator'],
  params: AgentParams,
  body: AgentChanges,
  answers: { 200: { description: 'The agent.', schema: Agent } },
  problems: ['agent_not_found', 'mode_mismatch'],
})

export const replaceAgentToken = route({
  operationId: 'replaceAgentToken',
  method: 'post',
  path: '/api/v1/agents/{agent_id}/token',
  tag: 'Agents',
  summary: 'Get a new token; the old one stops working at once',
  roles: ['admin', 'coordinator'],
  params: AgentParams,
  answers: { 200: { description: 'The agent, and its token, shown this once.', schema: RegisteredAgent } },
  problems: ['agent_not_found', 'mode_mismatch'],
})

export const deleteAgent = route({
  operationId: 'deleteAgent',
  method: 'delete',
  path: '/api/v1/agents/{agent_id}',
  tag: 'Agents',
  summary: 'Delete an agent',
  roles: ['admin', 'coordinator'],
  params: AgentParams,
  answers: { 204: { description: 'It is gone.', schema: null } },
  problems: ['agent_not_found', 'agent_in_use', 'mode_mismatch'],
})
