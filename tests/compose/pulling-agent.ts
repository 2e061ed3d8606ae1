import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Lease, Task } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import type { ApiClient } from './api-client.ts'
import { millisecondsFor, type RunLine } from './run-line.ts'

interface ClaimedTask {
  readonly task: Task
  readonly lease: Static<typeof Lease>
}

/** A pulling agent with a few workers. Writes down what it does, until its client's signal aborts. */
export async function runPullingAgent(
  id: string,
  client: ApiClient,
  workers: number,
  record: (line: RunLine) => void,
): Promise<void> {
  await Promise.all(Array.from({ length: workers }, () => work(id, client, record)))
}

async function work(id: string, client: ApiClient, record: (line: RunLine) => void): Promise<never> {
  for (;;) {
    // The same key in every repetition: an answer that got lost is given once more.
    const request = { agent_id: id, wait_seconds: 2, request_key: randomUUID() }
    const { status, body } = await client.call('POST', '/tasks/dequeue', request)
    if (status === 200) await execute(id, client, body as ClaimedTask, record)
  }
}

async function execute(
  id: string,
  client: ApiClient,
  { task, lease }: ClaimedTask,
  record: (line: RunLine) => void,
): Promise<void> {
  const proof = { lease_token: lease.token }
  // Started before it works: a task whose claim went back in the meantime must not be run.
  const begun = await client.tryCall('POST', `/tasks/${task.id}/heartbeat`, proof)
  if (begun.status !== 200) return
  const run = { run: randomUUID(), task: task.id, attempt: task.attempt, by: id }
  record({ ...run, what: 'started', at: Date.now() })
  await delay(millisecondsFor(task.prompt, task.attempt))
  record({ ...run, what: 'finished', at: Date.now() })
  await client.call('POST', `/tasks/${task.id}/complete`, { ...proof, result: { summary: 'done' } })
}
