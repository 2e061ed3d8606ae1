import type { Completion, Failure, Release } from '@switchyard/client'
import { inputOf, outputOf, summaryOf, TaskSummary } from '../schemas.ts'
import { tool } from '../tool.ts'

const DONE = 'Your claim has ended: the lease_token is of no use any more. Call take_task for new work.'

export const REPORT_TOOLS = [
  tool<{ task_id: string } & Completion>({
    name: 'complete_task',
    title: 'Report success',
    description:
      'End a task that you took: it is done. Put into result.summary what you did, for a person, and pull_request_url, branch and commit where there are any.',
    operation: 'completeTask',
    effect: 'ends',
    repeatable: true,
    input: inputOf('completeTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.completeTask(input, { signal })
      return { next: `It is ${task.status}. ${DONE}`, task: summaryOf(task) }
    },
  }),
  tool<{ task_id: string } & Failure>({
    name: 'fail_task',
    title: 'Report failure, or that you stopped',
    description:
      'End a task that you took and could not do, or confirm that you stopped after directive=cancel. It is tried again while attempts are left; retryable=false says that trying again is of no use.',
    operation: 'failTask',
    effect: 'ends',
    repeatable: true,
    input: inputOf('failTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.failTask(input, { signal })
      return { next: `It is ${task.status}. ${DONE}`, task: summaryOf(task) }
    },
  }),
  tool<{ task_id: string } & Release>({
    name: 'release_task',
    title: 'Give a task back',
    description:
      'Give a task that you took back to the queue, for somebody else: you have to stop, or it is not for you. It costs no attempt. Say why in `reason`.',
    operation: 'releaseTask',
    effect: 'ends',
    repeatable: true,
    input: inputOf('releaseTask'),
    output: outputOf({ task: TaskSummary }),
    async run(input, { api, signal }) {
      const task = await api.releaseTask(input, { signal })
      return { next: `It is ${task.status}. ${DONE}`, task: summaryOf(task) }
    },
  }),
]
