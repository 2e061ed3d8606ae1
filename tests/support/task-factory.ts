import { randomUUID } from 'node:crypto'
import { HOST_CHECK_SUBJECTS } from '@switchyard/core'
import type { AgentMode, HostFindings, Settlement, Task, TaskStatus } from '@switchyard/core'
import {
  cancelTask,
  completeClaim,
  createTask,
  getTask,
  putHost,
  registerAgent,
  renewLease,
  settleClaim,
} from '@switchyard/store'
import type { ClaimIdentity, HostDefinition, NewTask, Pool, Queryable } from '@switchyard/store'
import { claimForAgent } from './claim-for-agent.ts'
import { claimForHost } from './claim-for-host.ts'
import { at } from './fixed-clock.ts'

/** A task that nothing is known of but that it is to be done. Its label is its own: only who asks for it gets it. */
export function newTask(overrides: Partial<NewTask> = {}): NewTask {
  return {
    title: 'Fix the build',
    prompt: 'The build is broken. Fix it.',
    requestedMode: 'undecided',
    modeReason: 'as requested',
    priority: 3,
    requires: [`only-${randomUUID()}`],
    concurrencyKey: null,
    maxAttempts: 3,
    runAt: null,
    source: {
      kind: 'api',
      repository: null,
      issue_number: null,
      url: null,
      event: null,
      action: null,
      sender: null,
      delivery_id: null,
    },
    rule: null,
    dedupeKey: null,
    createdBy: 'coordinator',
    idempotency: null,
    ...overrides,
  }
}

/** Creates a task, and demands that it is a new one. */
export async function addTask(
  db: Queryable,
  overrides: Partial<NewTask> = {},
  now: Date | null = at(0),
): Promise<Task> {
  const result = await createTask(db, newTask(overrides), now)
  if (result.kind !== 'created') throw new Error(`the task was not created: ${result.kind}`)
  return result.task
}

/** Registers an http_pull agent under an id of its own. */
export async function addAgent(
  db: Queryable,
  overrides: { id?: string; labels?: string[]; maxConcurrent?: number | null; tokenHash?: Buffer } = {},
): Promise<string> {
  const id = overrides.id ?? `agent-${randomUUID()}`
  await registerAgent(db, {
    id,
    description: '',
    labels: overrides.labels ?? [],
    maxConcurrent: overrides.maxConcurrent ?? null,
    tokenHash: overrides.tokenHash ?? Buffer.from(randomUUID()),
  })
  return id
}

/** A host as its operator would define it. */
export function newHost(overrides: Partial<HostDefinition> = {}): HostDefinition {
  return {
    id: `host-${randomUUID()}`,
    address: '127.0.0.1',
    port: 22,
    user: 'agent',
    privateKeyPath: null,
    privateKeyPassphraseVariable: null,
    passwordVariable: null,
    proxyJump: null,
    hostKeySha256: `SHA256:${'a'.repeat(43)}`,
    labels: [],
    maxConcurrent: 1,
    command: ['agent', '--print'],
    workdir: null,
    env: {},
    timeoutSeconds: 60,
    paused: false,
    ...overrides,
  }
}

/** What a check found that could not look at anything. */
export function newFindings(): HostFindings {
  return {
    findings: Object.fromEntries(
      HOST_CHECK_SUBJECTS.map((subject) => [subject, { outcome: 'unknown', message: 'not looked at' }]),
    ) as HostFindings['findings'],
    clockSkewSeconds: null,
    freeDiskBytes: null,
    remoteUser: null,
    remoteSystem: null,
  }
}

/** Configures a host under an id of its own. */
export async function addHost(pool: Pool, overrides: Partial<HostDefinition> = {}): Promise<string> {
  const host = newHost(overrides)
  await putHost(pool, host)
  return host.id
}

/** A task somebody holds, and the right to it. */
export interface HeldTask extends ClaimIdentity {
  readonly task: Task
  readonly agentId: string
}

export interface HoldOptions {
  readonly mode?: AgentMode
  readonly now?: Date
  /** Until the start deadline, or the end of the lease. */
  readonly seconds?: number
}

/** Creates a task and claims it, for an agent or a host of its own. */
export async function claimedTask(
  pool: Pool,
  overrides: Partial<NewTask> = {},
  options: HoldOptions = {},
): Promise<HeldTask> {
  const task = await addTask(pool, overrides, options.now ?? at(0))
  return claimTask(pool, task, options)
}

/** Claims a pending task that requires labels of its own. */
export async function claimTask(pool: Pool, task: Task, options: HoldOptions = {}): Promise<HeldTask> {
  const { mode = 'http_pull', now = at(0), seconds: startSeconds = 30 } = options
  const labels = [...task.requires]
  if (mode === 'ssh_cli') {
    const hostId = await addHost(pool, { labels })
    const [claim] = await claimForHost(pool, { hostId, dispatcherId: 'dispatcher', startSeconds, now })
    if (claim?.task.id !== task.id) throw new Error('the host did not get the task')
    return { taskId: task.id, leaseToken: claim.leaseToken, task: claim.task, agentId: hostId }
  }
  const agentId = await addAgent(pool, { labels })
  const request = { agentId, labels, maxConcurrent: null, startSeconds, requestKey: null, now }
  const result = await claimForAgent(pool, request)
  if (result.kind !== 'claimed' || result.claim.task.id !== task.id)
    throw new Error('the agent did not get the task')
  const claimed = await getTask(pool, task.id)
  if (claimed === null) throw new Error('the task is gone')
  return { taskId: task.id, leaseToken: result.claim.leaseToken, task: claimed, agentId }
}

/** As claimedTask, and started. */
export async function runningTask(
  pool: Pool,
  overrides: Partial<NewTask> = {},
  options: HoldOptions = {},
): Promise<HeldTask> {
  const held = await claimedTask(pool, overrides, options)
  const { now = at(0), seconds: leaseSeconds = 90 } = options
  const request = { ...held, leaseSeconds, progress: null, actor: `agent:${held.agentId}`, now }
  const renewed = await renewLease(pool, request)
  if (renewed === null) throw new Error('the task did not start')
  return { ...held, task: renewed.task }
}

/** As runningTask on a host, whose dispatcher is gone. */
export async function orphanedTask(pool: Pool, overrides: Partial<NewTask> = {}): Promise<HeldTask> {
  const held = await runningTask(pool, overrides, { mode: 'ssh_cli' })
  const task = await settle(pool, held, { event: 'orphan', reason: 'the dispatcher is gone' })
  if (task === null) throw new Error('the task was not orphaned')
  return { ...held, task }
}

/** Ends a claim in the given way, whatever is true under the lock. */
export function settle(
  pool: Pool,
  claim: ClaimIdentity,
  settlement: Settlement,
  now: Date = at(1),
): Promise<Task | null> {
  return settleClaim(pool, claim, { actor: 'test', now, decide: () => settlement })
}

/** A task in the given status. Its token is one that nobody was given when nobody holds it. */
export async function taskIn(
  pool: Pool,
  status: TaskStatus,
  overrides: Partial<NewTask> = {},
): Promise<ClaimIdentity & { readonly task: Task }> {
  switch (status) {
    case 'waiting': {
      const concurrencyKey = overrides.concurrencyKey ?? `key-${randomUUID()}`
      await addTask(pool, { concurrencyKey })
      return unheld(await addTask(pool, { ...overrides, concurrencyKey }))
    }
    case 'scheduled':
      return unheld(await addTask(pool, { runAt: at(3600), ...overrides }))
    case 'pending':
      return unheld(await addTask(pool, overrides))
    case 'claimed':
      return claimedTask(pool, overrides)
    case 'running':
      return runningTask(pool, overrides)
    case 'orphaned':
      return orphanedTask(pool, overrides)
    case 'succeeded': {
      const held = await runningTask(pool, overrides)
      return ended(
        await completeClaim(pool, held, { result: { summary: 'done' }, actor: 'test', now: at(1) }),
      )
    }
    case 'failed': {
      const error = { code: 'broken', message: 'it broke' }
      return ended(await settle(pool, await runningTask(pool, overrides), { event: 'fail', error }))
    }
    case 'cancelled': {
      const { id } = await addTask(pool, overrides)
      return ended(await cancelTask(pool, id, { reason: 'not needed', actor: 'test', now: at(1) }))
    }
  }
}

function ended(task: Task | null): ClaimIdentity & { readonly task: Task } {
  if (task === null) throw new Error('the task did not end')
  return unheld(task)
}

function unheld(task: Task): ClaimIdentity & { readonly task: Task } {
  return { taskId: task.id, leaseToken: randomUUID(), task }
}
