import Type from 'typebox'
import { route } from '../route.ts'
import { Cursor, LastEventId, Limit, text } from '../schemas/common.ts'
import { Delivery, DeliveryDetail, DeliveryList, Queue } from '../schemas/reads.ts'

export const listDeliveries = route({
  operationId: 'listDeliveries',
  method: 'get',
  path: '/api/v1/deliveries',
  tag: 'Deliveries',
  summary: 'List webhook deliveries, newest first',
  roles: ['admin', 'coordinator'],
  query: Type.Object(
    {
      outcome: Type.Optional(Delivery.properties.outcome),
      repository: Type.Optional(text({ maxLength: 500 })),
      limit: Limit,
      cursor: Cursor,
    },
    { additionalProperties: false },
  ),
  answers: { 200: { description: 'A page of deliveries.', schema: DeliveryList } },
  problems: [],
})

export const getDelivery = route({
  operationId: 'getDelivery',
  method: 'get',
  path: '/api/v1/deliveries/{delivery_id}',
  tag: 'Deliveries',
  summary: 'Read a delivery with its headers and body',
  roles: ['admin', 'coordinator'],
  params: Type.Object({ delivery_id: Type.String({ format: 'uuid' }) }),
  answers: { 200: { description: 'The delivery.', schema: DeliveryDetail } },
  problems: ['delivery_not_found'],
})

export const getQueue = route({
  operationId: 'getQueue',
  method: 'get',
  path: '/api/v1/queue',
  tag: 'Queue',
  summary: 'How much there is to do, and who is there to do it',
  roles: ['admin', 'coordinator'],
  answers: { 200: { description: 'The queue.', schema: Queue } },
  problems: [],
})

export const streamEvents = route({
  operationId: 'streamEvents',
  method: 'get',
  path: '/api/v1/events',
  tag: 'Queue',
  summary: 'Follow what happens, as it happens',
  description:
    'Server-sent events named after what happened, each with a `TaskEvent` as its data and its `cursor` as its id. `Last-Event-ID` (or `?after=`) resumes behind that event; `after=0-0` begins with the oldest one kept.',
  roles: ['admin', 'coordinator'],
  headers: Type.Object({ 'last-event-id': LastEventId }),
  query: Type.Object(
    { after: Type.Optional(Type.String({ pattern: '^\\d{1,19}-\\d{1,18}$' })) },
    { additionalProperties: false },
  ),
  answers: { 200: { description: 'The stream.', schema: Type.String(), contentType: 'text/event-stream' } },
  problems: [],
})
