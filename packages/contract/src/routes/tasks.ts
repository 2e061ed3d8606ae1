import { EXECUTION_MODES, TASK_STATUSES } from '@switchyard/core'
import Type from 'typebox'
import { route } from '../route.ts'
import {
  AgentId,
  ByteOffset,
  Cursor,
  IdempotencyKey,
  LastEventId,
  Limit,
  TaskId,
  text,
} from '../schemas/common.ts'
import { Routing, TaskEventList, TaskList } from '../schemas/reads.ts'
import { Assignment, Cancellation, NewTask, Task } from '../schemas/task.ts'

function oneOrSeveral(values: readonly string[]): string {
  return `One or several, comma separated, of ${values.map((value) => `\`${value}\``).join(', ')}. Left out: all.`
}

const TaskParams = Type.Object({ task_id: TaskId })

export const createTask = route({
  operationId: 'createTask',
  method: 'post',
  path: '/api/v1/tasks',
  tag: 'Tasks',
  summary: 'Put a task into the queue',
  description:
    'Repeat the call with the same `Idempotency-Key` when its answer was lost: the task is created once. A task whose `concurrency_key` has an unfinished task begins in `waiting`.',
  roles: ['admin', 'coordinator'],
  headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) }),
  body: NewTask,
  answers: { 201: { description: 'The task.', schema: Task } },
  problems: ['idempotency_key_reused'],
})

export const listTasks = route({
  operationId: 'listTasks',
  method: 'get',
  path: '/api/v1/tasks',
  tag: 'Tasks',
  summary: 'List tasks, newest first',
  roles: ['admin', 'coordinator'],
  query: Type.Object(
    {
      status: Type.Optional(
        Type.String({ description: oneOrSeveral(TASK_STATUSES), examples: ['pending,running'] }),
      ),
      execution_mode: Type.Optional(Type.String({ description: oneOrSeveral(EXECUTION_MODES) })),
      repository: Type.Optional(text({ maxLength: 500 })),
      agent_id: Type.Optional(AgentId),
      limit: Limit,
      cursor: Cursor,
    },
    { additionalProperties: false },
  ),
  answers: { 200: { description: 'A page of tasks.', schema: TaskList } },
  problems: [],
})

export const getTask = route({
  operationId: 'getTask',
  method: 'get',
  path: '/api/v1/tasks/{task_id}',
  tag: 'Tasks',
  summary: 'Read a task',
  description: 'An agent may read the tasks that it holds, held, or is assigned.',
  roles: ['admin', 'coordinator', 'agent'],
  params: TaskParams,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'not_your_task'],
})

export const getTaskEvents = route({
  operationId: 'getTaskEvents',
  method: 'get',
  path: '/api/v1/tasks/{task_id}/events',
  tag: 'Tasks',
  summary: 'Everything that happened to a task',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  answers: { 200: { description: 'The events, oldest first.', schema: TaskEventList } },
  problems: ['task_not_found'],
})

export const getTaskRouting = route({
  operationId: 'getTaskRouting',
  method: 'get',
  path: '/api/v1/tasks/{task_id}/routing',
  tag: 'Tasks',
  summary: 'Why is this task on this track, and why does it wait?',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  answers: {
    200: { description: 'The decision, the candidates with their verdicts, the next step.', schema: Routing },
  },
  problems: ['task_not_found'],
})

export const getTaskLogs = route({
  operationId: 'getTaskLogs',
  method: 'get',
  path: '/api/v1/tasks/{task_id}/logs',
  tag: 'Tasks',
  summary: 'Read or follow the log of a task',
  description:
    'Plain text from a byte offset on, with `X-Switchyard-Next-Offset` and `X-Switchyard-Attempt`. With `Accept: text/event-stream` the log is followed: `log` events whose id is the next offset and whose data is a `LogPiece`, then one `end` event, whose data is a `LogEnd`. `Last-Event-ID` resumes.',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  headers: Type.Object({ 'last-event-id': LastEventId }),
  query: Type.Object(
    {
      offset: Type.Optional(Type.Integer({ ...ByteOffset, default: 0 })),
      attempt: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Default: the latest.' }),
      ),
    },
    { additionalProperties: false },
  ),
  answers: {
    200: {
      description: 'The text.',
      schema: Type.String(),
      contentType: 'text/plain',
      otherContentType: 'text/event-stream',
      headers: {
        'X-Switchyard-Attempt': 'The attempt whose log this is; 0 when there was none yet.',
        'X-Switchyard-Next-Offset': 'Where to go on reading.',
        'X-Switchyard-Log-Complete': '`true` when nothing more will come.',
      },
    },
  },
  problems: ['task_not_found'],
})

export const assignTask = route({
  operationId: 'assignTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/assign',
  tag: 'Tasks',
  summary: 'Reserve a task for one agent or host',
  description:
    'The mode is detected when it is left out: a registered agent makes the task `http_pull`, a configured host makes it `ssh_cli`. Only a task that nobody holds and that has not ended can be assigned. The labels are not checked: your word counts.',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  body: Assignment,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'agent_not_found', 'invalid_state', 'mode_mismatch'],
})

export const cancelTask = route({
  operationId: 'cancelTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/cancel',
  tag: 'Tasks',
  summary: 'Cancel a task',
  description:
    'At once when nobody holds it. Otherwise its holder reads `directive: cancel` with its next call, and the task is `cancelled` when it confirms or its lease ends.',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  body: Cancellation,
  bodyOptional: true,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'invalid_state'],
})

export const rerunTask = route({
  operationId: 'rerunTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/rerun',
  tag: 'Tasks',
  summary: 'Put an ended task back into the queue',
  description:
    'With all its attempts again, on the track that was asked for. Attempt numbers go on counting.',
  roles: ['admin', 'coordinator'],
  params: TaskParams,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'invalid_state', 'already_active'],
})
