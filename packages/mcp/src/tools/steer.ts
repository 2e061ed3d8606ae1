import type { Assignment, Cancellation } from '@switchyard/client'
import { afterStatus } from '../next-step.ts'
import { inputOf, outputOf, summaryOf, TaskSummary } from '../schemas.ts'
import { tool } from '../tool.ts'

export const STEER_TOOLS = [
  tool<{ task_id: string } & Assignment>({
    name: 'assign_task',
    title: 'Assign a task',
    description:
      'Reserve a task for one agent or host, which nobody else then gets. Only for tasks that nobody holds and that have not ended. Labels are not checked: your word counts. Calling it again with another agent_id changes the mind.',
    operation: 'assignTask',
    effect: 'adds',
    repeatable: true,
    input: inputOf('assignTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.assignTask(input, { signal })
      return { next: `Only ${input.agent_id} gets it now. ${afterStatus(task)}`, task: summaryOf(task) }
    },
  }),
  tool<{ task_id: string } & Cancellation>({
    name: 'cancel_task',
    title: 'Cancel a task',
    description:
      'Cancel a task: at once when nobody holds it; else its holder is asked to stop and the task is cancelled when it has. Say why in `reason`. Only when the user wants it: work that runs is lost.',
    operation: 'cancelTask',
    effect: 'ends',
    repeatable: true,
    input: inputOf('cancelTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.cancelTask(input, { signal })
      return { next: afterStatus(task), task: summaryOf(task) }
    },
  }),
  tool<{ task_id: string }>({
    name: 'rerun_task',
    title: 'Run a task again',
    description:
      'Put an ended task back into the queue with all its attempts. Use it after a failure whose cause is gone, or when the user wants a cancelled task after all.',
    operation: 'rerunTask',
    effect: 'adds',
    repeatable: false,
    inDoubt: 'Call get_task first: call rerun_task again only if the task is still ended.',
    input: inputOf('rerunTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.rerunTask(input, { signal })
      return { next: afterStatus(task), task: summaryOf(task) }
    },
  }),
]
