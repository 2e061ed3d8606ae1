import type { LoadConnection } from './connection.ts'

/** An agent as the generator plays it. */
export interface LoadAgent {
  readonly id: string
  readonly token: string
}

/** One dequeue, and the completion of what it brought. Returns what the dequeue took, in milliseconds; null when it was empty. */
export async function dequeueAndComplete(
  connection: LoadConnection,
  agent: LoadAgent,
): Promise<number | null> {
  const begin = performance.now()
  const dequeued = await connection.post('/api/v1/tasks/dequeue', `{"agent_id":"${agent.id}"}`)
  const milliseconds = performance.now() - begin
  if (dequeued.status === 204) return null
  if (dequeued.status !== 200) throw new Error(`a dequeue: ${dequeued.status} ${dequeued.body}`)
  await complete(connection, dequeued.body)
  return milliseconds
}

/** Completes what a dequeue answered. */
export async function complete(connection: LoadConnection, claim: string): Promise<void> {
  const { task, lease } = JSON.parse(claim) as { task: { id: string }; lease: { token: string } }
  const completed = await connection.post(
    `/api/v1/tasks/${task.id}/complete`,
    `{"lease_token":"${lease.token}"}`,
  )
  if (completed.status !== 200) throw new Error(`a completion: ${completed.status} ${completed.body}`)
}
