import Type from 'typebox'
import { route } from '../route.ts'
import { AgentId, Cursor, Limit } from '../schemas/common.ts'
import { Host, HostCheck, HostDefinition, HostList } from '../schemas/host.ts'

const HostParams = Type.Object({ host_id: AgentId })

export const putHost = route({
  operationId: 'putHost',
  method: 'put',
  path: '/api/v1/hosts/{host_id}',
  tag: 'Hosts',
  summary: 'Create or replace a host',
  description: 'What is left out gets its default, also when the host exists.',
  roles: ['admin'],
  params: HostParams,
  body: HostDefinition,
  answers: {
    200: { description: 'It was replaced.', schema: Host },
    201: { description: 'It was created.', schema: Host },
  },
  problems: ['agent_exists'],
})

export const listHosts = route({
  operationId: 'listHosts',
  method: 'get',
  path: '/api/v1/hosts',
  tag: 'Hosts',
  summary: 'List hosts',
  roles: ['admin', 'coordinator'],
  query: Type.Object({ limit: Limit, cursor: Cursor }, { additionalProperties: false }),
  answers: { 200: { description: 'A page of hosts.', schema: HostList } },
  problems: [],
})

export const getHost = route({
  operationId: 'getHost',
  method: 'get',
  path: '/api/v1/hosts/{host_id}',
  tag: 'Hosts',
  summary: 'Read a host',
  roles: ['admin', 'coordinator'],
  params: HostParams,
  answers: { 200: { description: 'The host.', schema: Host } },
  problems: ['host_not_found'],
})

export const deleteHost = route({
  operationId: 'deleteHost',
  method: 'delete',
  path: '/api/v1/hosts/{host_id}',
  tag: 'Hosts',
  summary: 'Delete a host',
  roles: ['admin'],
  params: HostParams,
  answers: { 204: { description: 'It is gone.', schema: null } },
  problems: ['host_not_found', 'agent_in_use'],
})

export const checkHost = route({
  operationId: 'checkHost',
  method: 'post',
  path: '/api/v1/hosts/{host_id}/check',
  tag: 'Hosts',
  summary: 'Let a dispatcher try the host',
  description:
    'A dispatcher logs in and finds out what a run would meet: a trial run, the command, the workdir, clock and disk. The ' +
    'answer says what it found; it also stands in `last_check` of the host.',
  roles: ['admin', 'coordinator'],
  params: HostParams,
  answers: { 200: { description: 'What was found.', schema: HostCheck } },
  problems: ['host_not_found', 'dispatcher_unavailable'],
})
