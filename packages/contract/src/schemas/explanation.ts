import Type from 'typebox'
import { nullable } from './common.ts'
import { ExecutionMode, Task } from './task.ts'

/** A token of RFC 9110, 5.6.2. */
const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"

export const ExplainRequest = Type.Object(
  {
    forge: Type.Optional(Type.Enum(['forgejo', 'gitea'], { default: 'forgejo' })),
    headers: Type.Record(Type.String({ pattern: HEADER_NAME }), Type.String({ maxLength: 8_192 }), {
      additionalProperties: false,
      description:
        'As the forge sends them: at least the name of the event. Without `Content-Type` the body is taken for JSON.',
    }),
    body: Type.String({ maxLength: 4 * 1_048_576, description: 'The very text that was signed.' }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        headers: { 'X-Forgejo-Event': 'issues' },
        body: '{"action":"opened","issue":{"number":7,"title":"Greet","labels":[{"name":"agent"}]},"repository":{"full_name":"acme/shop","html_url":"https://git.example.org/acme/shop"}}',
      },
    ],
  },
)

export const DeliveryExplanation = Type.Object({
  signature: Type.Object({
    valid: Type.Boolean({ description: '`false`: as a delivery it would be refused.' }),
    message: Type.String(),
  }),
  event: Type.String({ description: 'In the words of rules.' }),
  action: nullable(Type.String()),
  repository: nullable(Type.String()),
  sender: nullable(Type.String()),
  outcome: Type.Enum(['task', 'cancel', 'ignored'], {
    description: '`cancel`: the unfinished tasks for the same issue or pull request are cancelled.',
  }),
  reason: Type.String(),
  rule: nullable(Type.String({ description: 'The one that makes the task: the first that fits.' })),
  rules: Type.Array(Type.Object({ name: Type.String(), fits: Type.Boolean(), reason: Type.String() }), {
    description: 'Every rule in force, in their order.',
  }),
  task: nullable(
    Type.Object({
      title: Type.String(),
      prompt: Type.String(),
      requires: Type.Array(Type.String()),
      priority: Task.properties.priority,
      execution_mode: ExecutionMode,
      max_attempts: Type.Integer(),
      concurrency_key: nullable(Type.String()),
    }),
  ),
})
