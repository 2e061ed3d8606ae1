import type { ROUTES } from './routes.ts'

/** One call of an operation as somebody would type it. What begins with `$` is a variable of the reader's shell. */
export interface Example {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** How the body is signed, for what forges send. */
  readonly signature?: string
  /** The answer does not end by itself. */
  readonly follows?: true
}

const delivery = (forge: 'Forgejo' | 'Gitea'): Example => ({
  headers: { [`X-${forge}-Event`]: 'issues' },
  signature: `X-${forge}-Signature`,
  body: {
    action: 'opened',
    issue: { number: 7, title: 'Greet', labels: [{ name: 'agent' }] },
    repository: { full_name: 'acme/shop', html_url: 'https://git.example.org/acme/shop' },
  },
})

/** An example of every operation. A test runs each of them. */
export const EXAMPLES: Readonly<Record<keyof typeof ROUTES, Example>> = {
  receiveForgejoDelivery: delivery('Forgejo'),
  receiveGiteaDelivery: delivery('Gitea'),
  explainDelivery: {
    body: {
      headers: { 'X-Forgejo-Event': 'issues' },
      body: '{"action":"opened","repository":{"full_name":"acme/shop","html_url":"https://git.example.org/acme/shop"}}',
    },
  },
  createTask: { body: { title: 'Say hello', prompt: 'Write a friendly greeting to standard output.' } },
  listTasks: { query: 'status=pending,running&limit=10' },
  getTask: {},
  getTaskEvents: {},
  getTaskRouting: {},
  getTaskLogs: {},
  assignTask: { body: { agent_id: '$AGENT_ID' } },
  cancelTask: { body: { reason: 'no longer needed' } },
  rerunTask: {},
  dequeueTask: { body: { agent_id: '$AGENT_ID', wait_seconds: 30 } },
  heartbeatTask: { body: { lease_token: '$LEASE_TOKEN', progress: 'reading the code' } },
  appendTaskLog: { body: { lease_token: '$LEASE_TOKEN', offset: 0, text: 'Hello!' } },
  completeTask: { body: { lease_token: '$LEASE_TOKEN', result: { summary: 'Said hello.' } } },
  failTask: { body: { lease_token: '$LEASE_TOKEN', error: 'nobody to greet' } },
  releaseTask: { body: { lease_token: '$LEASE_TOKEN', reason: 'shutting down' } },
  registerAgent: { body: { id: 'claude-laptop', labels: ['linux'] } },
  listAgents: { query: 'limit=10' },
  getAgent: {},
  updateAgent: { body: { paused: true } },
  replaceAgentToken: {},
  deleteAgent: {},
  putHost: {
    body: {
      address: '127.0.0.1',
      user: 'agent',
      host_key_sha256: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      command: ['claude', '-p'],
    },
  },
  listHosts: { query: 'limit=10' },
  getHost: {},
  deleteHost: {},
  checkHost: {},
  listDeliveries: { query: 'limit=10' },
  getDelivery: {},
  getQueue: {},
  streamEvents: { follows: true },
  callMcp: {
    headers: { Accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
  },
  getHealth: {},
  getReadiness: {},
  getMetrics: {},
  getOpenApi: {},
  getDocs: {},
}
