import Type from 'typebox'
import { route } from '../route.ts'
import { DeliveryExplanation, ExplainRequest } from '../schemas/explanation.ts'
import { WebhookAnswer } from '../schemas/reads.ts'

const DESCRIPTION =
  'Signed by HMAC-SHA256 over the raw body with the shared secret (`X-Forgejo-Signature`, `X-Gitea-Signature` or `X-Hub-Signature-256`). JSON and form-encoded deliveries are understood. The answer comes when the delivery is durable.'

/** Read by the handler itself, after the signature has been found to fit: nothing of this is checked before. */
const RAW_BODY = {
  contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
  schema: Type.Object(
    {},
    {
      additionalProperties: true,
      description: 'The payload as the forge makes it. In a form it is the field `payload`.',
    },
  ),
}

const signedBy = (forge: 'Forgejo' | 'Gitea') =>
  Type.Object({
    [`x-${forge.toLowerCase()}-event`]: Type.Optional(
      Type.String({
        description: 'What happened: `issues`, `issue_comment`, `pull_request`, `push` and so on.',
      }),
    ),
    [`x-${forge.toLowerCase()}-delivery`]: Type.Optional(
      Type.String({ description: 'The UUID of the delivery: the same one counts once.' }),
    ),
    [`x-${forge.toLowerCase()}-signature`]: Type.Optional(
      Type.String({ description: 'HMAC-SHA256 of the body in hexadecimal digits.' }),
    ),
  })

export const receiveForgejoDelivery = route({
  operationId: 'receiveForgejoDelivery',
  method: 'post',
  path: '/api/v1/webhooks/forgejo',
  tag: 'Webhooks',
  summary: 'Where Forgejo delivers',
  description: DESCRIPTION,
  roles: [],
  headers: signedBy('Forgejo'),
  rawBody: RAW_BODY,
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
  headers: signedBy('Gitea'),
  rawBody: RAW_BODY,
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
