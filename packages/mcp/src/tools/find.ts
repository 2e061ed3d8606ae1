import type { Operations } from '@switchyard/client'
import { ROUTES, Task } from '@switchyard/contract'
import Type from 'typebox'
import { afterStatus } from '../next-step.ts'
import { inputOf, outputOf, summaryOf, TaskSummary } from '../schemas.ts'
import { tool } from '../tool.ts'

const PAGE = 20
const { next_cursor: NextCursor } = ROUTES.listTasks.answers[200].schema.properties

export const FIND_TOOLS = [
  tool<NonNullable<Parameters<Operations['listTasks']>[0]>>({
    name: 'find_tasks',
    title: 'Find tasks',
    description:
      'List tasks, newest first, without their prompts. Narrow it by status (such as "pending,running"), execution_mode, repository or agent_id. Use it to find the id of a task; use get_queue for numbers.',
    operation: 'listTasks',
    effect: 'reads',
    repeatable: true,
    input: inputOf('listTasks', {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: PAGE })),
    }),
    output: outputOf({ tasks: Type.Array(TaskSummary), next_cursor: NextCursor }),
    async run(input, { api, signal }) {
      const { tasks, next_cursor } = await api.listTasks({ limit: PAGE, ...input }, { signal })
      return { next: afterPage(tasks.length, next_cursor), tasks: tasks.map(summaryOf), next_cursor }
    },
  }),
  tool<{ task_id: string }>({
    name: 'get_task',
    title: 'Read a task',
    description:
      'Read one task with its prompt, status, progress, result and error. Use it when you have the id and need to know where the task stands now.',
    operation: 'getTask',
    effect: 'reads',
    repeatable: true,
    input: inputOf('getTask'),
    output: outputOf({ task: Task }),
    async run(input, { api, signal }) {
      const task = await api.getTask(input, { signal })
      return { next: afterStatus(task), task }
    },
  }),
  tool<{ task_id: string }>({
    name: 'explain_task',
    title: 'Explain a task',
    description:
      'Say why a task is on its track, why it waits, which agents and hosts were considered and what is wrong with each, and what happens next by itself. Use it whenever a task does not move.',
    operation: 'getTaskRouting',
    effect: 'reads',
    repeatable: true,
    input: inputOf('getTaskRouting'),
    output: outputOf({ routing: ROUTES.getTaskRouting.answers[200].schema }),
    async run(input, { api, signal }) {
      const routing = await api.getTaskRouting(input, { signal })
      return {
        next: 'Read routing.explanation and routing.next_action. To decide by hand, call assign_task; to wait, call watch_task.',
        routing,
      }
    },
  }),
  tool<{ task_id: string }>({
    name: 'get_task_events',
    title: 'What happened to a task',
    description:
      'List everything that happened to a task, oldest first: who did what, when and why. Use it to find out how a task got where it is, such as after several attempts.',
    operation: 'getTaskEvents',
    effect: 'reads',
    repeatable: true,
    input: inputOf('getTaskEvents'),
    output: outputOf({ events: ROUTES.getTaskEvents.answers[200].schema.properties.events }),
    async run(input, { api, signal }) {
      const { events } = await api.getTaskEvents(input, { signal })
      return {
        next: 'Call explain_task for why it is where it is now, read_task_log for its output.',
        events,
      }
    },
  }),
]

function afterPage(found: number, cursor: string | null): string {
  if (found === 0) return 'Nothing fits. Call find_tasks with fewer conditions, or create_task.'
  const more = cursor === null ? 'That is all.' : `There are more: call find_tasks with cursor "${cursor}".`
  return `${more} Call get_task for a prompt, explain_task for why one waits.`
}
