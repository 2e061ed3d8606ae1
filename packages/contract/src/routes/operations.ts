import Type from 'typebox'
import { route } from '../route.ts'

const Health = Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) })

export const getHealth = route({
  operationId: 'getHealth',
  method: 'get',
  path: '/healthz',
  tag: 'Operations',
  summary: 'The process runs',
  roles: [],
  answers: { 200: { description: 'It does.', schema: Health } },
  problems: [],
})

export const getReadiness = route({
  operationId: 'getReadiness',
  method: 'get',
  path: '/readyz',
  tag: 'Operations',
  summary: 'The process can do its work: the database answers',
  roles: [],
  answers: {
    200: { description: 'It can.', schema: Health },
    503: { description: 'It cannot; `reason` says why.', schema: Health },
  },
  problems: [],
})

export const getMetrics = route({
  operationId: 'getMetrics',
  method: 'get',
  path: '/metrics',
  tag: 'Operations',
  summary: 'Prometheus metrics',
  roles: [],
  answers: { 200: { description: 'The metrics.', schema: Type.String(), contentType: 'text/plain' } },
  problems: [],
})

export const getOpenApi = route({
  operationId: 'getOpenApi',
  method: 'get',
  path: '/openapi.json',
  tag: 'Operations',
  summary: 'This description',
  roles: [],
  answers: {
    200: { description: 'OpenAPI 3.1.', schema: Type.Object({}, { additionalProperties: true }) },
  },
  problems: [],
})

export const getDocs = route({
  operationId: 'getDocs',
  method: 'get',
  path: '/docs',
  tag: 'Operations',
  summary: 'This description, to read and try out',
  roles: [],
  answers: { 200: { description: 'A page.', schema: Type.String(), contentType: 'text/html' } },
  problems: [],
})
