import { setTimeout as sleep } from 'node:timers/promises'
import type { Task } from '@switchyard/client'
import { Task as TaskSchema } from '@switchyard/contract'
import Type from 'typebox'
import { afterStatus } from '../next-step.ts'
import { inputOf, outputOf, summaryOf, TaskSummary } from '../schemas.ts'
import { tool } from '../tool.ts'
import { DEFAULT_WAIT_SECONDS, WaitSeconds } from './wait-seconds.ts'

const LOOK_AGAIN_MILLISECONDS = 1_000

export const WATCH_TOOLS = [
  tool<{ task_id: string; status?: Task['status']; wait_seconds?: number }>({
    name: 'watch_task',
    title: 'Wait for a task',
    description:
      'Wait until a task is no longer in the status that you know (default: the one that it has now), and at most wait_seconds. Answers at once when the task has ended. Call it again for as long as you want to wait; it costs nothing.',
    operation: 'getTask',
    effect: 'reads',
    repeatable: true,
    input: inputOf('getTask', {
      status: Type.Optional(TaskSchema.properties.status),
      wait_seconds: WaitSeconds,
    }),
    output: outputOf({
      changed: Type.Boolean({ description: 'Its status is not the one that you knew.' }),
      task: TaskSummary,
    }),
    async run({ task_id, status, wait_seconds: seconds = DEFAULT_WAIT_SECONDS }, { api, signal }) {
      const deadline = performance.now() + seconds * 1_000
      let task = await api.getTask({ task_id }, { signal })
      const known = status ?? task.status
      while (task.status === known && task.finished_at === null) {
        const left = deadline - performance.now()
        if (left <= 0) break
        await sleep(Math.min(left, LOOK_AGAIN_MILLISECONDS), undefined, { signal })
        task = await api.getTask({ task_id }, { signal })
      }
      return { next: afterStatus(task), changed: task.status !== known, task: summaryOf(task) }
    },
  }),
]
