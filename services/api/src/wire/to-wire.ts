import type {
  Agent as WireAgent,
  Delivery as WireDelivery,
  Host as WireHost,
  Lease as WireLease,
  Task as WireTask,
  TaskEvent as WireTaskEvent,
} from '@switchyard/contract'
import { isHeld } from '@switchyard/core'
import type { ShownTask } from '@switchyard/core'
import type { Static } from '@switchyard/platform'
import type { Agent, Delivery, Host, TaskEvent } from '@switchyard/store'

function instant(date: Date): string {
  return date.toISOString()
}

function instantOrNull(date: Date | null): string | null {
  return date === null ? null : instant(date)
}

/** A task as the contract has it. */
export function taskToWire(task: ShownTask): Static<typeof WireTask> {
  return {
    id: task.id,
    title: task.title,
    prompt: task.prompt,
    status: task.status,
    execution_mode: task.executionMode,
    requested_mode: task.requestedMode,
    priority: task.priority,
    requires: [...task.requires],
    concurrency_key: task.concurrencyKey,
    source: task.source,
    agent_id: task.agentId,
    assigned_agent_id: task.assignedAgentId,
    attempt: task.attempt,
    max_attempts: task.maxAttempts,
    deliveries: task.deliveries,
    cancel_requested: task.cancelRequestedAt !== null && isHeld(task.status),
    progress: task.progress,
    run_at: instantOrNull(task.runAt),
    created_at: instant(task.createdAt),
    claimed_at: instantOrNull(task.claimedAt),
    started_at: instantOrNull(task.startedAt),
    finished_at: instantOrNull(task.finishedAt),
    result: task.result,
    error: task.error,
  }
}

/** A lease as the contract has it; `start_by` only while the claim has not started. */
export function leaseToWire(
  lease: { readonly token: string; readonly expiresAt: Date; readonly started: boolean },
  leaseSeconds: number,
): Static<typeof WireLease> {
  return {
    token: lease.token,
    expires_at: instant(lease.expiresAt),
    start_by: lease.started ? null : instant(lease.expiresAt),
    heartbeat_seconds: Math.max(1, Math.floor(leaseSeconds / 3)),
  }
}

/** An agent or host, seen as an agent. */
export function agentToWire(agent: Agent): Static<typeof WireAgent> {
  return {
    id: agent.id,
    execution_mode: agent.executionMode,
    description: agent.description,
    labels: [...agent.labels],
    max_concurrent: agent.maxConcurrent,
    paused: agent.paused,
    held: agent.held,
    last_seen_at: instantOrNull(agent.lastSeenAt),
    created_at: instant(agent.createdAt),
    updated_at: instant(agent.updatedAt),
  }
}

/** A host as the contract has it. */
export function hostToWire(host: Host): Static<typeof WireHost> {
  return {
    id: host.id,
    address: host.address,
    port: host.port,
    user: host.user,
    private_key_path: host.privateKeyPath,
    private_key_passphrase_variable: host.privateKeyPassphraseVariable,
    password_variable: host.passwordVariable,
    proxy_jump: host.proxyJump,
    host_key_sha256: host.hostKeySha256,
    labels: [...host.labels],
    max_concurrent: host.maxConcurrent,
    command: [...host.command],
    workdir: host.workdir,
    env: { ...host.env },
    timeout_seconds: host.timeoutSeconds,
    paused: host.paused,
    held: host.held,
    failures: host.failures,
    cooling_down_until: instantOrNull(host.coolingDownUntil),
    last_error: host.lastError,
    shown_host_key_sha256: host.shownHostKeySha256,
    checked_at: instantOrNull(host.checkedAt),
    last_check: lastCheckToWire(host),
    blocked_reason: host.blockedReason,
    last_seen_at: instantOrNull(host.lastSeenAt),
    created_at: instant(host.createdAt),
    updated_at: instant(host.updatedAt),
  }
}

/** What the last check of a host found, as the contract has it; null when there was none. */
export function lastCheckToWire({ lastCheck, lastCheckAt }: Host): Static<typeof WireHost>['last_check'] {
  if (lastCheck === null || lastCheckAt === null) return null
  return {
    checked_at: instant(lastCheckAt),
    findings: lastCheck.findings,
    clock_skew_seconds: lastCheck.clockSkewSeconds,
    free_disk_bytes: lastCheck.freeDiskBytes,
    remote_user: lastCheck.remoteUser,
    remote_system: lastCheck.remoteSystem,
  }
}

/** A delivery without its body. */
export function deliveryToWire(delivery: Delivery): Static<typeof WireDelivery> {
  return {
    id: delivery.id,
    delivery_uuid: delivery.deliveryUuid,
    forge: delivery.forge,
    event: delivery.event,
    event_type: delivery.eventType,
    action: delivery.action,
    repository: delivery.repository,
    sender: delivery.sender,
    outcome: delivery.outcome,
    reason: delivery.reason,
    rule: delivery.rule,
    task_ids: [...delivery.taskIds],
    received_at: instant(delivery.receivedAt),
  }
}

/** Something that happened to a task. */
export function eventToWire(event: TaskEvent): Static<typeof WireTaskEvent> {
  return {
    cursor: event.cursor,
    task_id: event.taskId,
    at: instant(event.at),
    event: event.event,
    from_status: event.fromStatus,
    to_status: event.toStatus,
    execution_mode: event.executionMode,
    agent_id: event.agentId,
    attempt: event.attempt,
    actor: event.actor,
    reason: event.reason,
  }
}
