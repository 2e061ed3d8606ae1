import { ROUTES, type Task as TaskSchema } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import type { Client } from './client.ts'
import type { Page } from './page.ts'

type Task = Static<typeof TaskSchema>

/** Writes everything that the system can say about one task: its events, why it is where it is, its output, its end. */
export async function reportTask(client: Client, page: Page, taskId: string): Promise<Task> {
  const params = { task_id: taskId }
  const { body: task } = await client.call(ROUTES.getTask, { params })
  const { body: history } = await client.call(ROUTES.getTaskEvents, { params })
  const began = Date.parse(task.created_at)

  page.item('/events', `what happened to task ${taskId}:`)
  page.table(
    history.events.map((event) => [
      `+${((Date.parse(event.at) - began) / 1000).toFixed(2)} s`,
      event.event,
      event.to_status ?? '',
      event.execution_mode,
      [nameActor(event.actor), event.reason].filter((part) => part !== null && part !== '').join(': '),
    ]),
  )
  await reportRouting(client, page, taskId)
  const { body: log } = await client.call(ROUTES.getTaskLogs, { params })
  if (log !== '') {
    page.item('/logs', 'what it said while it worked:')
    page.quote(log)
  }
  if (task.finished_at !== null) reportEnd(page, task)
  return task
}

/** Writes why a task is on its track, and what keeps every agent and host from it. */
export async function reportRouting(client: Client, page: Page, taskId: string): Promise<void> {
  const { body: routing } = await client.call(ROUTES.getTaskRouting, { params: { task_id: taskId } })
  page.item('/routing', `${routing.execution_mode}, decided by ${routing.decided_by}: ${routing.reason}`)
  page.more(routing.explanation)
  if (routing.next_action !== null) page.more(`Next: ${routing.next_action.what}.`)
  page.table(
    routing.candidates.map(({ agent_id: id, execution_mode: mode, verdict, reason }) => [
      id,
      mode,
      verdict,
      reason,
    ]),
  )
}

function reportEnd(page: Page, { status, agent_id: agent, result, error }: Task): void {
  const summary = result?.summary?.split('\n').at(-1) ?? error?.message ?? ''
  page.item('end', `${status} by ${agent ?? 'nobody'}: ${summary}`, status === 'succeeded' ? 'green' : 'red')
}

/** Replicas are named after machine and process; a reader of the demo wants to know that it was the dispatcher. */
function nameActor(actor: string): string {
  return /-\d+-[0-9a-f]{6}$/.test(actor) ? 'dispatcher' : actor
}
