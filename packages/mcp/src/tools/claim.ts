import type { DequeueRequest, Heartbeat, LogAppend } from '@switchyard/client'
import { ROUTES } from '@switchyard/contract'
import Type from 'typebox'
import { inputOf, outputOf } from '../schemas.ts'
import { tool } from '../tool.ts'
import { DEFAULT_WAIT_SECONDS, WaitSeconds } from './wait-seconds.ts'

const { task: TaskSchema, lease: LeaseSchema } = ROUTES.dequeueTask.answers[200].schema.properties
const { agent_id: AgentId } = ROUTES.dequeueTask.body.properties
const STOP = 'You are asked to stop: stop the work now, then call fail_task with the same lease_token.'

export const CLAIM_TOOLS = [
  tool<Omit<DequeueRequest, 'agent_id'> & { agent_id?: string }>({
    name: 'take_task',
    title: 'Take a task',
    description:
      'Take the next task that fits the agent, and wait up to wait_seconds for one. `task` is null when there is none. What you get is yours alone as long as you call heartbeat_task. Take a task only if you are going to do it now.',
    operation: 'dequeueTask',
    effect: 'adds',
    repeatable: false,
    inDoubt:
      'Call take_task again in some seconds, with the same request_key if you gave one; a task that was taken and never started goes back to the queue by itself.',
    input: inputOf('dequeueTask', {
      agent_id: Type.Optional(AgentId),
      wait_seconds: WaitSeconds,
    }),
    output: outputOf({
      task: Type.Union([TaskSchema, Type.Null()]),
      lease: Type.Union([LeaseSchema, Type.Null()]),
      reason: Type.Optional(Type.Enum(['empty', 'paused', 'full'])),
      retry_after_seconds: Type.Optional(Type.Number()),
    }),
    async run({ agent_id = null, wait_seconds = DEFAULT_WAIT_SECONDS, ...rest }, { api, signal, agentId }) {
      const agent = agent_id ?? agentId
      if (agent === null) return { next: NAME_THE_AGENT, task: null, lease: null }
      const taken = await api.dequeueTask({ agent_id: agent, wait_seconds, ...rest }, { signal })
      if (taken.task === null) return { next: NOTHING[taken.reason], ...taken }
      const { lease } = taken
      return {
        next: `It is yours. Call heartbeat_task with task_id ${taken.task.id} and lease_token ${lease.token} now, before ${lease.start_by ?? lease.expires_at}, and again every ${lease.heartbeat_seconds} s while you do what task.prompt says.`,
        ...taken,
      }
    },
  }),
  tool<{ task_id: string } & Heartbeat>({
    name: 'heartbeat_task',
    title: 'Keep a task',
    description:
      'Say that you still work on a task that you took, and hear whether to go on. The first call starts it. Without calls the lease ends and somebody else gets the task. `progress` is one sentence that people see.',
    operation: 'heartbeatTask',
    effect: 'adds',
    repeatable: true,
    input: inputOf('heartbeatTask'),
    output: outputOf(ROUTES.heartbeatTask.answers[200].schema.properties),
    async run(input, { api, signal }) {
      const answer = await api.heartbeatTask(input, { signal })
      const { expires_at: end, heartbeat_seconds: seconds } = answer.lease
      const goOn = `Go on with the work. Call heartbeat_task again within ${seconds} s; at ${end} the task is lost.`
      return { next: answer.directive === 'cancel' ? STOP : goOn, ...answer }
    },
  }),
  tool<{ task_id: string } & LogAppend>({
    name: 'append_task_log',
    title: 'Write to the log of a task',
    description:
      'Append text to the log of a task that you took; it counts as a heartbeat. `offset` is 0 the first time, then the next_offset of the answer before.',
    operation: 'appendTaskLog',
    effect: 'adds',
    repeatable: true,
    input: inputOf('appendTaskLog'),
    output: outputOf(ROUTES.appendTaskLog.answers[200].schema.properties),
    async run(input, { api, signal }) {
      const answer = await api.appendTaskLog(input, { signal })
      const goOn = `Go on with the work. The next append_task_log has offset ${answer.next_offset}.`
      return { next: answer.directive === 'cancel' ? STOP : goOn, ...answer }
    },
  }),
]

const NAME_THE_AGENT =
  'Nothing was taken. Call take_task again with agent_id: the id under which your token was registered. If you do not know it, ask the user.'

const NOTHING = {
  empty: 'There is no task for this agent now. Call take_task again if you are to go on working.',
  paused: 'This agent is paused and gets no tasks. Tell the user; do not ask again until it is resumed.',
  full: 'This agent holds as many tasks as it may. End one with complete_task, fail_task or release_task first.',
}
