import { ROUTES } from '@switchyard/contract'
import { createClient } from '../../../demo/client.ts'
import type { ApiProcess } from './api-process.ts'

/** Creates a task, takes and completes it. Returns what the API answered to the last two. */
export async function doOneTask(api: ApiProcess, requires: readonly string[]) {
  const [agent] = await api.registerAgents(1, requires)
  if (agent === undefined) throw new Error('no agent was registered')
  await api.createTask({ requires: [...requires] })
  const client = createClient(api.url, agent.token)
  const dequeued = await client.call(ROUTES.dequeueTask, { body: { agent_id: agent.id } })
  if (dequeued.status !== 200) throw new Error('the task was not dequeued')
  const { task, lease } = dequeued.body
  const completed = await client.call(ROUTES.completeTask, {
    params: { task_id: task.id },
    body: { lease_token: lease.token },
  })
  return { dequeue: dequeued.body, complete: completed.body }
}
