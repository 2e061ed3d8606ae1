import { route } from '../route.ts'
import { DeliveryExplanation, ExplainRequest } from '../schemas/explanation.ts'
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

export const explainDelivery = route({
  operationId: 'explainDelivery',
  method: 'post',
  path: '/api/v1/rules/explain',
  tag: 'Webhooks',
  summary: 'What would become of a delivery?',
  description:
    'Checks the signature and tries the rules in force, and does nothing else: no delivery is kept, no task is created. What only shows when it arrives is not looked at: whether it came before, whether its label is new, and whether another task for the same thing is unfinished.',
  roles: ['admin', 'coordinator'],
  body: ExplainRequest,
  answers: { 200: { description: 'What would become of it, and why.', schema: DeliveryExplanation } },
  problems: [],
})
