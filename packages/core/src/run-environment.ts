import type { TaskSource } from './task.ts'

/** What a command is told about its task. */
export interface RunTask {
  readonly id: string
  readonly title: string
  readonly attempt: number
  readonly source: Pick<TaskSource, 'repository' | 'issue_number' | 'url'>
}

/**
 * The variables in which a command finds what there is to know about its task. An agent reports by them. None of them is called
 * SWITCHYARD_URL: there the command line finds the API.
 */
export function runEnvironment(task: RunTask, agentId: string): Record<string, string> {
  const { repository, issue_number: issueNumber, url } = task.source
  return {
    SWITCHYARD_TASK_ID: task.id,
    SWITCHYARD_ATTEMPT: String(task.attempt),
    SWITCHYARD_AGENT_ID: agentId,
    SWITCHYARD_TITLE: task.title,
    ...(repository === null ? {} : { SWITCHYARD_REPOSITORY: repository }),
    ...(issueNumber === null ? {} : { SWITCHYARD_ISSUE: String(issueNumber) }),
    ...(url === null ? {} : { SWITCHYARD_SOURCE_URL: url }),
  }
}
