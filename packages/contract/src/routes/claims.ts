import Type from 'typebox'
import { route } from '../route.ts'
import {
  ClaimedTask,
  Completion,
  DequeueRequest,
  Failure,
  Heartbeat,
  HeartbeatAnswer,
  LogAppend,
  LogAppendAnswer,
  Release,
} from '../schemas/claim.ts'
import { TaskId } from '../schemas/common.ts'
import { Task } from '../schemas/task.ts'

const TaskParams = Type.Object({ task_id: TaskId })

export const dequeueTask = route({
  operationId: 'dequeueTask',
  method: 'post',
  path: '/api/v1/tasks/dequeue',
  tag: 'Claims',
  summary: 'Take the next task that fits',
  description:
    'Gives `http_pull` and `undecided` tasks alike, in one atomic claim; an undecided one becomes `http_pull` with it. Show that you started by `lease.start_by`, then send a heartbeat every `lease.heartbeat_seconds`.',
  roles: ['admin', 'agent'],
  body: DequeueRequest,
  answers: {
    200: { description: 'The task is yours.', schema: ClaimedTask },
    204: {
      description: 'There is none.',
      schema: null,
      headers: {
        'Retry-After': 'Seconds after which to ask again.',
        'X-Switchyard-Reason': '`empty`, `paused` or `full` (you hold max_concurrent tasks).',
      },
    },
  },
  problems: ['agent_not_found', 'mode_mismatch'],
})

export const heartbeatTask = route({
  operationId: 'heartbeatTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/heartbeat',
  tag: 'Claims',
  summary: 'Extend the lease, hear the directive',
  description: 'The first one starts the task (`claimed` → `running`).',
  roles: ['admin', 'agent'],
  params: TaskParams,
  body: Heartbeat,
  answers: { 200: { description: 'The lease is extended.', schema: HeartbeatAnswer } },
  problems: ['task_not_found', 'not_your_task', 'lease_lost'],
})

export const appendTaskLog = route({
  operationId: 'appendTaskLog',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/logs',
  tag: 'Claims',
  summary: 'Append to the log',
  description: 'Also counts as a heartbeat.',
  roles: ['admin', 'agent'],
  params: TaskParams,
  body: LogAppend,
  answers: { 200: { description: 'The text is stored.', schema: LogAppendAnswer } },
  problems: ['task_not_found', 'not_your_task', 'lease_lost', 'wrong_offset'],
})

export const completeTask = route({
  operationId: 'completeTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/complete',
  tag: 'Claims',
  summary: 'Report success',
  description: 'Repeating it with the same lease token answers 200 again.',
  roles: ['admin', 'agent'],
  params: TaskParams,
  body: Completion,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'not_your_task', 'lease_lost'],
})

export const failTask = route({
  operationId: 'failTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/fail',
  tag: 'Claims',
  summary: 'Report failure, or confirm a cancellation',
  description:
    'The task is tried again after a pause while attempts are left and `retryable` is not false. After `directive: cancel` it becomes `cancelled`. Repeating it with the same lease token answers 200 again.',
  roles: ['admin', 'agent'],
  params: TaskParams,
  body: Failure,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'not_your_task', 'lease_lost'],
})

export const releaseTask = route({
  operationId: 'releaseTask',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/release',
  tag: 'Claims',
  summary: 'Give the task back',
  description: 'It returns to the queue at once and costs no attempt, but it is counted in `deliveries`.',
  roles: ['admin', 'agent'],
  params: TaskParams,
  body: Release,
  answers: { 200: { description: 'The task.', schema: Task } },
  problems: ['task_not_found', 'not_your_task', 'lease_lost'],
})
