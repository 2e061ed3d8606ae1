import {
  AGENT_MODES,
  DEFAULT_EXECUTION_MODE,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_PRIORITY,
  EXECUTION_MODES,
  LEAST_URGENT,
  MOST_ATTEMPTS,
  MOST_URGENT,
  TASK_STATUSES,
} from '@switchyard/core'
import Type from 'typebox'
import { AgentId, Labels, nullable, TaskId, text, Timestamp } from './common.ts'

export const ExecutionMode = Type.Enum([...EXECUTION_MODES], {
  description: 'The track. `undecided`: the dispatcher and the pulling agents race for it.',
})
export const AgentMode = Type.Enum([...AGENT_MODES])
export const TaskStatus = Type.Enum([...TASK_STATUSES], {
  description: 'How far the task is. See docs/state-machine.md.',
})
const Priority = Type.Integer({
  minimum: MOST_URGENT,
  maximum: LEAST_URGENT,
  description: '1 is urgent, 4 is low.',
})

export const Source = Type.Object({
  kind: Type.Enum(['api', 'forgejo', 'gitea']),
  repository: nullable(Type.String({ examples: ['acme/shop'] })),
  issue_number: nullable(Type.Integer({ description: 'Issues and pull requests share their numbers.' })),
  url: nullable(Type.String()),
  event: nullable(Type.String()),
  action: nullable(Type.String()),
  sender: nullable(Type.String()),
  delivery_id: nullable(Type.String({ description: 'The webhook delivery that created it.' })),
})

export const Result = Type.Object(
  {
    summary: Type.Optional(text({ maxLength: 65_536, description: 'What was done, for a person.' })),
    pull_request_url: Type.Optional(text({ maxLength: 2_048 })),
    branch: Type.Optional(text({ maxLength: 255 })),
    commit: Type.Optional(text({ maxLength: 64 })),
    exit_code: Type.Optional(Type.Integer()),
  },
  { additionalProperties: true, description: 'What came of it. Further keys are kept as they are.' },
)

export const TaskError = Type.Object({
  code: Type.String({ examples: ['exit_code', 'lease_expired', 'undeliverable'] }),
  message: Type.String(),
})

export const Task = Type.Object({
  id: TaskId,
  title: Type.String(),
  prompt: Type.String({ description: 'What the agent is to do.' }),
  status: TaskStatus,
  execution_mode: ExecutionMode,
  requested_mode: ExecutionMode,
  priority: Priority,
  requires: Type.Array(Type.String(), { description: 'Labels an agent must offer to get it.' }),
  concurrency_key: nullable(
    Type.String({ description: 'Of the unfinished tasks with one key, one at a time leaves `waiting`.' }),
  ),
  source: Source,
  agent_id: nullable(Type.String({ description: 'Who holds or held it.' })),
  assigned_agent_id: nullable(Type.String({ description: 'Only this agent gets it.' })),
  attempt: Type.Integer(),
  max_attempts: Type.Integer(),
  deliveries: Type.Integer({ description: 'How often it was handed to somebody.' }),
  cancel_requested: Type.Boolean({ description: 'Its holder has been asked to stop.' }),
  progress: nullable(Type.String({ description: 'What the holder said last.' })),
  run_at: nullable(Timestamp),
  created_at: Timestamp,
  claimed_at: nullable(Timestamp),
  started_at: nullable(Timestamp),
  finished_at: nullable(Timestamp),
  result: nullable(Result),
  error: nullable(TaskError),
})
export type Task = Type.Static<typeof Task>

export const NewTask = Type.Object(
  {
    title: text({ minLength: 1, maxLength: 500 }),
    prompt: text({ minLength: 1, maxLength: 1_048_576 }),
    requires: Type.Optional(Labels),
    priority: Type.Optional(
      Type.Integer({ minimum: MOST_URGENT, maximum: LEAST_URGENT, default: DEFAULT_PRIORITY }),
    ),
    execution_mode: Type.Optional(
      // No `default`: that somebody asked for it, and that nobody said anything, are recorded as two reasons.
      Type.Enum([...EXECUTION_MODES], {
        description: `The track that is asked for; \`ssh_cli\` and \`http_pull\` are kept to. Left out: \`${DEFAULT_EXECUTION_MODE}\`, the dispatcher and the pulling agents race for it.`,
      }),
    ),
    concurrency_key: Type.Optional(
      text({
        minLength: 1,
        maxLength: 500,
        description: 'Tasks with the same one run one at a time. Left out: beside all others.',
      }),
    ),
    max_attempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_ATTEMPTS, default: DEFAULT_MAX_ATTEMPTS }),
    ),
    run_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'RFC 3339. Not before then; left out: at once.' }),
    ),
    source: Type.Optional(
      Type.Object(
        {
          repository: Type.Optional(text({ minLength: 1, maxLength: 500 })),
          issue_number: Type.Optional(Type.Integer({ minimum: 1 })),
          url: Type.Optional(text({ maxLength: 2_048 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ title: 'Say hello', prompt: 'Write a friendly greeting to standard output.' }],
  },
)

export const Assignment = Type.Object(
  {
    agent_id: AgentId,
    execution_mode: Type.Optional(
      Type.Enum([...AGENT_MODES], {
        description: 'Left out: that of the agent. Another one than that is refused.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ agent_id: 'claude-laptop' }] },
)

export const Cancellation = Type.Object(
  { reason: Type.Optional(text({ minLength: 1, maxLength: 1_000 })) },
  { additionalProperties: false },
)
