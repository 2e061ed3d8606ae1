import { randomUUID } from 'node:crypto'
import { dequeued, postAgent, postTask, sign, TOKENS, WEBHOOK_SECRET } from '../api.ts'
import type { TestApi } from '../api.ts'

/** Things of the system that belong together, so that a request about them can succeed. */
export interface Situation {
  /** By the names that parameters and members of bodies have for them. */
  readonly known: Readonly<Record<string, unknown>>
  /** The token of the agent in it. */
  readonly agentToken: string
}

const HOST = {
  address: '127.0.0.1',
  user: 'agent',
  host_key_sha256: `SHA256:${'A'.repeat(43)}`,
  command: ['true'],
}
const DELIVERY = JSON.stringify({ action: 'opened', repository: { full_name: 'acme/shop', html_url: 'x' } })

/** Three: a task that waits for an agent, one that an agent holds, and one that has ended; each with a host and a delivery. */
export async function createSituations(api: TestApi): Promise<readonly Situation[]> {
  return Promise.all([waiting(api), held(api), ended(api)])
}

async function waiting(api: TestApi): Promise<Situation> {
  const agent = await postAgent(api)
  const task = await postTask(api, { requires: agent.labels })
  return situation(api, { task_id: task.id, agent_id: agent.id, lease_token: randomUUID() }, agent.token)
}

async function held(api: TestApi): Promise<Situation> {
  const { agent, task, lease } = await dequeued(api)
  return situation(
    api,
    { task_id: task.id, agent_id: agent.id, lease_token: lease.token, offset: 0 },
    agent.token,
  )
}

async function ended(api: TestApi): Promise<Situation> {
  const { agent, task, lease } = await dequeued(api)
  const body = { lease_token: lease.token, result: { summary: 'Done.' } }
  await api.call('POST', `/api/v1/tasks/${task.id}/complete`, body, { token: agent.token })
  return situation(api, { task_id: task.id, agent_id: agent.id, lease_token: lease.token }, agent.token)
}

async function situation(
  api: TestApi,
  known: Readonly<Record<string, unknown>>,
  agentToken: string,
): Promise<Situation> {
  const hostId = `host-${randomUUID()}`
  await api.call('PUT', `/api/v1/hosts/${hostId}`, { ...HOST, labels: [`only-${hostId}`] })
  const headers = {
    'x-forgejo-event': 'issues',
    'x-forgejo-delivery': randomUUID(),
    'x-forgejo-signature': sign(WEBHOOK_SECRET, DELIVERY),
  }
  const delivered = await api.call('POST', '/api/v1/webhooks/forgejo', DELIVERY, { token: null, headers })
  return {
    agentToken,
    known: {
      ...known,
      host_id: hostId,
      delivery_id: delivered.body['delivery_id'],
      status: 'pending,running',
      execution_mode: 'undecided,http_pull',
      proxy_jump: null,
      body: DELIVERY,
      'last-event-id': '0-0',
    },
  }
}

/** Whose token a request may carry: rightly, wrongly, or none. */
export function tokensOf({
  agentToken,
}: Situation): readonly { readonly weight: number; readonly token: string | null }[] {
  return [
    { weight: 20, token: TOKENS.admin },
    { weight: 4, token: agentToken },
    { weight: 4, token: TOKENS.coordinator },
    { weight: 1, token: 'nobody-knows-this-token' },
    { weight: 1, token: null },
  ]
}
