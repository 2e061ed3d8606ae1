import { route } from '../route.ts'
import { WebhookAnswer } from '../schemas/reads.ts'

const DESCRIPTION =
  'Signed by HMAC-SHA256 over the raw body with the shared secret (`X-Forgejo-Signature`, `X-Gitea-Signature` or `X-Hub-Signature-256`). JSON and form-encoded deliveries are understood. The answer comes when the delivery is durable.'

export const receiveForgejoDelivery = route({
  operationId: 'receiveForgejoDelivery',
  method: 'post',
  path: '/api/v1/webhooks/forgejo',
  tag: 'Webhooks',
  summary: 'Where Forgejo delivers',
  description: DESCRIPTION,
  roles: [],
  answers: {
    202: { description: 'The delivery is kept; `outcome` says what came of it.', schema: WebhookAnswer },
  },
  problems: ['malformed_json', 'bad_signature', 'unsupported_media_type'],
})

export const receiveGiteaDelivery = route({
  operationId: 'receiveGiteaDelivery',
  method: 'post',
  path: '/api/v1/webhooks/gitea',
  tag: 'Webhooks',
  summary: 'Where Gitea delivers',
  description: DESCRIPTION,
  roles: [],
  answers: {
    202: { description: 'The delivery is kept; `outcome` says what came of it.', schema: WebhookAnswer },
  },
  problems: ['malformed_json', 'bad_signature', 'unsupported_media_type'],
})
