import { DECIDERS, VERDICTS } from '@switchyard/core'
import Type from 'typebox'
import { NextCursor, nullable, TaskId, Timestamp } from './common.ts'
import { AgentMode, ExecutionMode, Task, TaskStatus } from './task.ts'

export const TaskList = Type.Object({ tasks: Type.Array(Task), next_cursor: NextCursor })

export const TaskEvent = Type.Object({
  cursor: Type.String({ description: 'Opaque; resume `GET /events` behind it.' }),
  task_id: TaskId,
  at: Timestamp,
  event: Type.String({ examples: ['created', 'claim', 'start', 'succeed'] }),
  from_status: nullable(TaskStatus),
  to_status: nullable(TaskStatus),
  execution_mode: ExecutionMode,
  agent_id: nullable(Type.String()),
  attempt: Type.Integer(),
  actor: Type.String({ description: 'Who caused it.' }),
  reason: nullable(Type.String()),
})
export const TaskEventList = Type.Object({ events: Type.Array(TaskEvent) })

/** The data of the `log` events of a log that is followed. */
export const LogPiece = Type.Object(
  {
    attempt: Type.Integer({ description: '0: none has begun yet.' }),
    text: Type.String({ description: 'Whole characters. Where the middle was cut out, a line says so.' }),
  },
  { description: 'The data of a `log` event of `getTaskLogs`.' },
)

/** The data of the `end` event of a log that is followed. */
export const LogEnd = Type.Object(
  {
    attempt: Type.Integer(),
    produced_bytes: Type.Integer({ description: 'How much the attempt has written.' }),
    stored_bytes: Type.Integer({ description: 'How much of that was kept.' }),
    cut: Type.Boolean({ description: 'Not all of it was kept.' }),
  },
  { description: 'The data of the `end` event of `getTaskLogs`: nothing more will come.' },
)

export const Routing = Type.Object({
  task_id: TaskId,
  status: TaskStatus,
  execution_mode: ExecutionMode,
  requested_mode: ExecutionMode,
  decided_by: Type.Enum([...DECIDERS]),
  decided_at: Timestamp,
  reason: Type.String({ description: 'Why it is on this track.' }),
  explanation: Type.String({ description: 'Why it is where it is now, in one or two sentences.' }),
  next_action: nullable(
    Type.Object(
      { at: nullable(Timestamp), what: Type.String() },
      { description: 'What happens next by itself; `at` is null when it depends on somebody.' },
    ),
  ),
  ahead: Type.Integer({ description: 'Pending tasks that stand before it.' }),
  candidates: Type.Array(
    Type.Object({
      agent_id: Type.String(),
      execution_mode: AgentMode,
      verdict: Type.Enum([...VERDICTS]),
      reason: Type.String(),
      missing_labels: Type.Array(Type.String()),
      until: nullable(Timestamp),
    }),
  ),
})

const TASKS_OF_A_DELIVERY =
  '`created`: the new one. `duplicate`: those of the delivery that came before, or the unfinished one. `ignored`: those that it cancelled, or whose holders it asked to stop; mostly none.'

export const Delivery = Type.Object({
  id: Type.String({ format: 'uuid' }),
  delivery_uuid: nullable(Type.String({ description: "The forge's own id of the delivery." })),
  forge: Type.Enum(['forgejo', 'gitea']),
  event: Type.String(),
  event_type: Type.String(),
  action: nullable(Type.String()),
  repository: nullable(Type.String()),
  sender: nullable(Type.String()),
  outcome: Type.Enum(['created', 'duplicate', 'ignored'], {
    description:
      '`created`: it made a task. `duplicate`: it came before, or the task that it would have made is there and unfinished. ' +
      '`ignored`: it made none; `reason` says why, or what it cancelled instead.',
  }),
  reason: Type.String(),
  rule: nullable(Type.String()),
  task_ids: Type.Array(TaskId, { description: TASKS_OF_A_DELIVERY }),
  received_at: Timestamp,
})
export const DeliveryList = Type.Object({ deliveries: Type.Array(Delivery), next_cursor: NextCursor })
export const DeliveryDetail = Type.Object({
  ...Delivery.properties,
  headers: Type.Record(Type.String(), Type.String()),
  body: Type.String({ description: 'As it arrived.' }),
})

export const WebhookAnswer = Type.Object({
  delivery_id: Type.String({ format: 'uuid' }),
  outcome: Delivery.properties.outcome,
  reason: Type.String(),
  tasks: Type.Array(Type.Object({ id: TaskId }), { description: TASKS_OF_A_DELIVERY }),
})

export const Queue = Type.Object({
  counts: Type.Array(
    Type.Object({ status: TaskStatus, execution_mode: ExecutionMode, count: Type.Integer() }),
    { description: 'Unfinished tasks, and those that ended in the last 24 hours.' },
  ),
  oldest_pending_seconds: nullable(Type.Number()),
  counted_at: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'When all but the dispatchers was counted: a moment ago, where there is much to count.',
    }),
  ),
  repositories: Type.Array(
    Type.Object({ repository: nullable(Type.String()), queued: Type.Integer(), held: Type.Integer() }),
  ),
  dispatchers: Type.Array(
    Type.Object({
      id: Type.String(),
      started_at: Timestamp,
      last_cycle_at: Timestamp,
      draining: Type.Boolean(),
    }),
    { description: 'Those that are alive. How long one may be silent follows from its interval.' },
  ),
})
