import type { NewTask } from '@switchyard/client'
import { IdempotencyKey } from '@switchyard/contract'
import Type from 'typebox'
import { inputOf, outputOf, summaryOf, TaskSummary } from '../schemas.ts'
import { tool } from '../tool.ts'

export const CREATE_TOOLS = [
  tool<NewTask & { idempotency_key?: string }>({
    name: 'create_task',
    title: 'Create a task',
    description:
      'Put a task into the queue. Its prompt is all that the agent gets, so write everything it needs into it. Leave execution_mode out unless the user asks for a track. Name labels in `requires` only when the work needs them: a task that nobody can take waits for ever.',
    operation: 'createTask',
    effect: 'adds',
    repeatable: false,
    inDoubt:
      'If you gave an idempotency_key, call create_task again with the same one. If not, call find_tasks first: the task may be there, and another call would make a second one.',
    input: inputOf('createTask', {
      idempotency_key: Type.Optional(IdempotencyKey),
    }),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.createTask(input, { signal })
      return { next: `Call watch_task with task_id ${task.id} to see it done.`, task: summaryOf(task) }
    },
  }),
]
