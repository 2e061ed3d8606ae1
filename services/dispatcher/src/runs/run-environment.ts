import type { Claim } from '@switchyard/core'
import type { Host } from '@switchyard/store'

/**
 * What the command finds in its environment: the host's variables, and what there is to know about the task. The task's
 * own variables win, since an agent reports by them.
 */
export function runEnvironment(host: Pick<Host, 'env'>, { task, agentId }: Claim): Record<string, string> {
  const { repository, issue_number: issueNumber, url } = task.source
  return {
    ...host.env,
    SWITCHYARD_TASK_ID: task.id,
    SWITCHYARD_ATTEMPT: String(task.attempt),
    SWITCHYARD_AGENT_ID: agentId,
    SWITCHYARD_TITLE: task.title,
    ...(repository === null ? {} : { SWITCHYARD_REPOSITORY: repository }),
    ...(issueNumber === null ? {} : { SWITCHYARD_ISSUE_NUMBER: String(issueNumber) }),
    ...(url === null ? {} : { SWITCHYARD_URL: url }),
  }
}
