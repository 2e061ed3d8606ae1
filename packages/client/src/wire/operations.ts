// Written by `npm run generate` from packages/contract. Do not edit.

import type { CallOptions } from '../call-options.ts'
import type {
  Assignment,
  Cancellation,
  Task,
  Completion,
  Failure,
  Heartbeat,
  HeartbeatAnswer,
  LogAppend,
  LogAppendAnswer,
  Release,
  Agent,
  AgentChanges,
  AgentList,
  NewAgent,
  RegisteredAgent,
  Host,
  HostCheck,
  HostDefinition,
  HostList,
  DeliveryDetail,
  DeliveryList,
  Queue,
  Routing,
  TaskEventList,
  TaskList,
  DeliveryExplanation,
  ExplainRequest,
} from './types.ts'

/** The operations that take and answer JSON, or answer text; each takes its parameters and its body as one object. */
export interface JsonOperations {
  /**
   * What would become of a delivery?
   * Checks the signature and tries the rules in force, and does nothing else: no delivery is kept, no task is created. What only shows when it arrives is not looked at: whether it came before, whether its label is new, and whether another task for the same thing is unfinished.
   * For the roles: admin, coordinator.
   */
  explainDelivery(input: ExplainRequest, options?: CallOptions): Promise<DeliveryExplanation>

  /**
   * Reserve a task for one agent or host.
   * The mode is detected when it is left out: a registered agent makes the task `http_pull`, a configured host makes it `ssh_cli`. Only a task that nobody holds and that has not ended can be assigned. The labels are not checked: your word counts.
   * For the roles: admin, coordinator.
   */
  assignTask(input: { task_id: string } & Assignment, options?: CallOptions): Promise<Task>

  /**
   * Cancel a task.
   * At once when nobody holds it. Otherwise its holder reads `directive: cancel` with its next call, and the task is `cancelled` when it confirms or its lease ends.
   * For the roles: admin, coordinator.
   */
  cancelTask(input: { task_id: string } & Cancellation, options?: CallOptions): Promise<Task>

  /**
   * List tasks, newest first.
   * For the roles: admin, coordinator.
   */
  listTasks(
    input?: {
      /** One or several, comma separated, of `waiting`, `scheduled`, `pending`, `claimed`, `running`, `orphaned`, `succeeded`, `failed`, `cancelled`. Left out: all. */
      status?: string | undefined
      /** One or several, comma separated, of `undecided`, `ssh_cli`, `http_pull`. Left out: all. */
      execution_mode?: string | undefined
      repository?: string | undefined
      /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
      agent_id?: string | undefined
      limit?: number | undefined
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined
    },
    options?: CallOptions,
  ): Promise<TaskList>

  /**
   * Read a task.
   * An agent may read the tasks that it holds, held, or is assigned.
   * For the roles: admin, coordinator, agent.
   */
  getTask(input: { task_id: string }, options?: CallOptions): Promise<Task>

  /**
   * Everything that happened to a task.
   * For the roles: admin, coordinator.
   */
  getTaskEvents(input: { task_id: string }, options?: CallOptions): Promise<TaskEventList>

  /**
   * Append to the log.
   * Also counts as a heartbeat.
   * For the roles: admin, agent.
   */
  appendTaskLog(input: { task_id: string } & LogAppend, options?: CallOptions): Promise<LogAppendAnswer>

  /**
   * Why is this task on this track, and why does it wait?
   * For the roles: admin, coordinator.
   */
  getTaskRouting(input: { task_id: string }, options?: CallOptions): Promise<Routing>

  /**
   * Put an ended task back into the queue.
   * With all its attempts again, on the track that was asked for. Attempt numbers go on counting.
   * For the roles: admin, coordinator.
   */
  rerunTask(input: { task_id: string }, options?: CallOptions): Promise<Task>

  /**
   * Report success.
   * Repeating it with the same lease token answers 200 again.
   * For the roles: admin, agent.
   */
  completeTask(input: { task_id: string } & Completion, options?: CallOptions): Promise<Task>

  /**
   * Report failure, or confirm a cancellation.
   * The task is tried again after a pause while attempts are left and `retryable` is not false. After `directive: cancel` it becomes `cancelled`. Repeating it with the same lease token answers 200 again.
   * For the roles: admin, agent.
   */
  failTask(input: { task_id: string } & Failure, options?: CallOptions): Promise<Task>

  /**
   * Extend the lease, hear the directive.
   * The first one starts the task (`claimed` → `running`).
   * For the roles: admin, agent.
   */
  heartbeatTask(input: { task_id: string } & Heartbeat, options?: CallOptions): Promise<HeartbeatAnswer>

  /**
   * Give the task back.
   * It returns to the queue at once and costs no attempt, but it is counted in `deliveries`.
   * For the roles: admin, agent.
   */
  releaseTask(input: { task_id: string } & Release, options?: CallOptions): Promise<Task>

  /**
   * Delete an agent.
   * For the roles: admin, coordinator.
   */
  deleteAgent(input: { agent_id: string }, options?: CallOptions): Promise<void>

  /**
   * Read an agent.
   * An agent may read itself.
   * For the roles: admin, coordinator, agent.
   */
  getAgent(input: { agent_id: string }, options?: CallOptions): Promise<Agent>

  /**
   * Pause, resume or relabel an agent or host.
   * For the roles: admin, coordinator.
   */
  updateAgent(input: { agent_id: string } & AgentChanges, options?: CallOptions): Promise<Agent>

  /**
   * List agents and hosts.
   * For the roles: admin, coordinator.
   */
  listAgents(
    input?: {
      limit?: number | undefined
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined
    },
    options?: CallOptions,
  ): Promise<AgentList>

  /**
   * Register an agent and get its token.
   * For the roles: admin, coordinator.
   */
  registerAgent(input: NewAgent, options?: CallOptions): Promise<RegisteredAgent>

  /**
   * Get a new token; the old one stops working at once.
   * For the roles: admin, coordinator.
   */
  replaceAgentToken(input: { agent_id: string }, options?: CallOptions): Promise<RegisteredAgent>

  /**
   * Let a dispatcher try the host.
   * A dispatcher logs in and finds out what a run would meet: a trial run, the command, the workdir, clock and disk. The answer says what it found; it also stands in `last_check` of the host.
   * For the roles: admin, coordinator.
   */
  checkHost(input: { host_id: string }, options?: CallOptions): Promise<HostCheck>

  /**
   * Delete a host.
   * For the roles: admin.
   */
  deleteHost(input: { host_id: string }, options?: CallOptions): Promise<void>

  /**
   * Read a host.
   * For the roles: admin, coordinator.
   */
  getHost(input: { host_id: string }, options?: CallOptions): Promise<Host>

  /**
   * Create or replace a host.
   * What is left out gets its default, also when the host exists.
   * For the roles: admin.
   */
  putHost(input: { host_id: string } & HostDefinition, options?: CallOptions): Promise<Host>

  /**
   * List hosts.
   * For the roles: admin, coordinator.
   */
  listHosts(
    input?: {
      limit?: number | undefined
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined
    },
    options?: CallOptions,
  ): Promise<HostList>

  /**
   * Read a delivery with its headers and body.
   * For the roles: admin, coordinator.
   */
  getDelivery(input: { delivery_id: string }, options?: CallOptions): Promise<DeliveryDetail>

  /**
   * How much there is to do, and who is there to do it.
   * For the roles: admin, coordinator.
   */
  getQueue(input?: Record<string, never>, options?: CallOptions): Promise<Queue>

  /**
   * List webhook deliveries, newest first.
   * For the roles: admin, coordinator.
   */
  listDeliveries(
    input?: {
      /** `created`: it made a task. `duplicate`: it came before, or the task that it would have made is there and unfinished. `ignored`: it made none; `reason` says why, or what it cancelled instead. */
      outcome?: 'created' | 'duplicate' | 'ignored' | undefined
      repository?: string | undefined
      limit?: number | undefined
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined
    },
    options?: CallOptions,
  ): Promise<DeliveryList>

  /**
   * Speak MCP: tools for language models.
   * The Model Context Protocol over streamable HTTP, without sessions, in its revision 2026-07-28 and those before it. Point an MCP client here with the same token; docs/mcp.md says how. A token sees the tools of its role. Send `Accept: application/json, text/event-stream`, as MCP asks; the answer is JSON.
   * For the roles: admin, coordinator, agent.
   */
  callMcp(
    input: { jsonrpc: '2.0'; [name: string]: unknown },
    options?: CallOptions,
  ): Promise<{ jsonrpc: '2.0'; [name: string]: unknown }>

  /**
   * This description, to read and try out.
   * No token is needed.
   */
  getDocs(input?: Record<string, never>, options?: CallOptions): Promise<string>

  /**
   * The process runs.
   * No token is needed.
   */
  getHealth(
    input?: Record<string, never>,
    options?: CallOptions,
  ): Promise<{ status: string; reason?: string | undefined }>

  /**
   * Prometheus metrics.
   * No token is needed.
   */
  getMetrics(input?: Record<string, never>, options?: CallOptions): Promise<string>

  /**
   * This description.
   * No token is needed.
   */
  getOpenApi(input?: Record<string, never>, options?: CallOptions): Promise<{ [name: string]: unknown }>

  /**
   * The process can do its work: the database answers.
   * No token is needed.
   */
  getReadiness(
    input?: Record<string, never>,
    options?: CallOptions,
  ): Promise<{ status: string; reason?: string | undefined }>
}

/** Method and path of every operation of the API. */
export const OPERATIONS = {
  explainDelivery: { method: 'POST', path: '/api/v1/rules/explain' },
  receiveForgejoDelivery: { method: 'POST', path: '/api/v1/webhooks/forgejo' },
  receiveGiteaDelivery: { method: 'POST', path: '/api/v1/webhooks/gitea' },
  assignTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/assign' },
  cancelTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/cancel' },
  createTask: { method: 'POST', path: '/api/v1/tasks' },
  listTasks: { method: 'GET', path: '/api/v1/tasks' },
  getTask: { method: 'GET', path: '/api/v1/tasks/{task_id}' },
  getTaskEvents: { method: 'GET', path: '/api/v1/tasks/{task_id}/events' },
  getTaskLogs: { method: 'GET', path: '/api/v1/tasks/{task_id}/logs' },
  appendTaskLog: { method: 'POST', path: '/api/v1/tasks/{task_id}/logs' },
  getTaskRouting: { method: 'GET', path: '/api/v1/tasks/{task_id}/routing' },
  rerunTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/rerun' },
  completeTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/complete' },
  dequeueTask: { method: 'POST', path: '/api/v1/tasks/dequeue' },
  failTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/fail' },
  heartbeatTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/heartbeat' },
  releaseTask: { method: 'POST', path: '/api/v1/tasks/{task_id}/release' },
  deleteAgent: { method: 'DELETE', path: '/api/v1/agents/{agent_id}' },
  getAgent: { method: 'GET', path: '/api/v1/agents/{agent_id}' },
  updateAgent: { method: 'PATCH', path: '/api/v1/agents/{agent_id}' },
  listAgents: { method: 'GET', path: '/api/v1/agents' },
  registerAgent: { method: 'POST', path: '/api/v1/agents' },
  replaceAgentToken: { method: 'POST', path: '/api/v1/agents/{agent_id}/token' },
  checkHost: { method: 'POST', path: '/api/v1/hosts/{host_id}/check' },
  deleteHost: { method: 'DELETE', path: '/api/v1/hosts/{host_id}' },
  getHost: { method: 'GET', path: '/api/v1/hosts/{host_id}' },
  putHost: { method: 'PUT', path: '/api/v1/hosts/{host_id}' },
  listHosts: { method: 'GET', path: '/api/v1/hosts' },
  getDelivery: { method: 'GET', path: '/api/v1/deliveries/{delivery_id}' },
  getQueue: { method: 'GET', path: '/api/v1/queue' },
  listDeliveries: { method: 'GET', path: '/api/v1/deliveries' },
  streamEvents: { method: 'GET', path: '/api/v1/events' },
  callMcp: { method: 'POST', path: '/mcp' },
  getDocs: { method: 'GET', path: '/docs' },
  getHealth: { method: 'GET', path: '/healthz' },
  getMetrics: { method: 'GET', path: '/metrics' },
  getOpenApi: { method: 'GET', path: '/openapi.json' },
  getReadiness: { method: 'GET', path: '/readyz' },
} as const
