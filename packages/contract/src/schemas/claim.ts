import Type from 'typebox'
import { AgentId, ByteOffset, Directive, LeaseToken, text, Timestamp } from './common.ts'
import { Result, Task } from './task.ts'

export const Lease = Type.Object({
  token: LeaseToken,
  expires_at: Timestamp,
  start_by: Type.Union([Timestamp, Type.Null()], {
    description:
      'Send the first heartbeat or log line before this instant, or the task goes back to the queue.',
  }),
  heartbeat_seconds: Type.Integer({ description: 'Send a heartbeat about this often.' }),
})

export const DequeueRequest = Type.Object(
  {
    agent_id: AgentId,
    wait_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 60,
        default: 0,
        description: 'Hold the request until a task fits.',
      }),
    ),
    request_key: Type.Optional(
      text({
        minLength: 1,
        maxLength: 200,
        description:
          'Repeat the same key after a lost answer: the same claim comes again, as long as it has not started.',
      }),
    ),
    repeat_only: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'true: take nothing new. Answers at once with the claim that `request_key` already made, or with 204. For who stops while a dequeue is on its way: what comes is then released.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ agent_id: 'claude-laptop', wait_seconds: 30 }] },
)

export const ClaimedTask = Type.Object({ task: Task, lease: Lease })

export const Heartbeat = Type.Object(
  { lease_token: LeaseToken, progress: Type.Optional(text({ maxLength: 2_000 })) },
  { additionalProperties: false },
)
export const HeartbeatAnswer = Type.Object({ lease: Lease, directive: Directive })

export const LogAppend = Type.Object(
  {
    lease_token: LeaseToken,
    offset: Type.Integer({ ...ByteOffset, description: 'Bytes of UTF-8 sent before this piece.' }),
    text: Type.String({ maxLength: 1_048_576 }),
  },
  { additionalProperties: false },
)
export const LogAppendAnswer = Type.Object({ next_offset: Type.Integer(), directive: Directive })

export const Completion = Type.Object(
  { lease_token: LeaseToken, result: Type.Optional(Result) },
  { additionalProperties: false },
)

export const Failure = Type.Object(
  {
    lease_token: LeaseToken,
    error: Type.Union([
      text({ minLength: 1, maxLength: 10_000 }),
      Type.Object(
        {
          code: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' })),
          message: text({ minLength: 1, maxLength: 10_000 }),
        },
        { additionalProperties: false },
      ),
    ]),
    retryable: Type.Optional(
      Type.Boolean({ default: true, description: 'false: no further attempt, whatever max_attempts says.' }),
    ),
  },
  { additionalProperties: false },
)

export const Release = Type.Object(
  { lease_token: LeaseToken, reason: text({ minLength: 1, maxLength: 1_000 }) },
  { additionalProperties: false },
)
