import { Counter, Gauge, Histogram } from '@switchyard/platform'
import type { Log, Metrics } from '@switchyard/platform'
import type { TaskStatus } from '@switchyard/core'
import type { AgentClaim, DeliveryReceipt } from '@switchyard/store'
import type { QueueCounter } from './queue-counter.ts'

/** One function per thing worth knowing: its log line and its metric, together. Ids go into logs, never into labels. */
export interface ApiEvents {
  deliveryReceived(receipt: DeliveryReceipt, facts: { readonly forge: string; readonly event: string }): void
  deliveryRefused(reason: string): void
  taskCreated(taskId: string): void
  taskClaimed(claim: AgentClaim): void
  claimSettled(taskId: string, status: TaskStatus): void
  leaseLost(taskId: string, agentId: string | null): void
  requestFinished(operationId: string, status: number, seconds: number): void
}

/** Registers the API's metrics. Queue depth is read when Prometheus asks, not before. */
export function createApiEvents(
  log: Log,
  metrics: Metrics,
  queue: QueueCounter,
  waitingDequeues: () => number,
): ApiEvents {
  const registers = [metrics.registry]
  const deliveries = new Counter({
    name: 'switchyard_deliveries_total',
    help: 'Webhook deliveries by what came of them.',
    labelNames: ['outcome'],
    registers,
  })
  const created = new Counter({
    name: 'switchyard_tasks_created_total',
    help: 'Tasks created by API calls.',
    registers,
  })
  const claims = new Counter({
    name: 'switchyard_claims_total',
    help: 'Tasks that pulling agents claimed.',
    registers,
  })
  const claimLatency = new Histogram({
    name: 'switchyard_claim_latency_seconds',
    help: 'From pending to claimed by a pulling agent.',
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 3_600],
    registers,
  })
  const settled = new Counter({
    name: 'switchyard_claims_settled_total',
    help: 'Claims ended by their holders, by the status that the task got.',
    labelNames: ['status'],
    registers,
  })
  const lost = new Counter({
    name: 'switchyard_lease_losses_total',
    help: 'Calls of holders whose lease was no longer theirs.',
    registers,
  })
  const requests = new Histogram({
    name: 'switchyard_http_request_seconds',
    help: 'Requests by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 60],
    registers,
  })
  registerQueueGauges(metrics, queue)
  new Gauge({
    name: 'switchyard_waiting_dequeues',
    help: 'Dequeues that wait for a task at this replica.',
    registers,
    collect() {
      this.set(waitingDequeues())
    },
  })

  return {
    deliveryReceived(receipt, facts) {
      deliveries.inc({ outcome: receipt.outcome })
      log.debug(
        { deliveryId: receipt.deliveryId, taskIds: receipt.taskIds, ...facts },
        `delivery ${receipt.outcome}: ${receipt.reason}`,
      )
    },
    deliveryRefused(reason) {
      deliveries.inc({ outcome: 'refused' })
      log.warn(`delivery refused: ${reason}`)
    },
    taskCreated(taskId) {
      created.inc()
      log.debug({ taskId }, 'task created')
    },
    taskClaimed({ task, agentId }) {
      const waited = waitedSeconds(task.pendingSince, task.claimedAt)
      claims.inc()
      claimLatency.observe(waited)
      log.debug({ taskId: task.id, agentId, attempt: task.attempt, waited }, 'task claimed')
    },
    claimSettled(taskId, status) {
      settled.inc({ status })
      log.debug({ taskId }, `claim ended: ${status}`)
    },
    leaseLost(taskId, agentId) {
      lost.inc()
      log.info({ taskId, agentId }, 'a holder came back after its lease was lost')
    },
    requestFinished(operationId, status, seconds) {
      requests.observe({ operation: operationId, status: String(status) }, seconds)
      log.debug({ operationId, status, seconds }, 'request finished')
    },
  }
}

function waitedSeconds(since: Date | null, until: Date | null): number {
  return since === null || until === null ? 0 : Math.max(0, until.getTime() - since.getTime()) / 1_000
}

function registerQueueGauges(metrics: Metrics, counter: QueueCounter): void {
  const oldest = new Gauge({
    name: 'switchyard_oldest_pending_seconds',
    help: 'Age of the task that has been pending longest; 0 when none is.',
    registers: [metrics.registry],
  })
  const depth = new Gauge({
    name: 'switchyard_tasks',
    help: 'Unfinished tasks, and those that ended in the last 24 hours.',
    labelNames: ['status', 'execution_mode'],
    registers: [metrics.registry],
    async collect() {
      // A scrape must answer even while the database is away; the gauges are then absent rather than wrong.
      depth.reset()
      oldest.reset()
      const queue = await counter.read().catch(() => null)
      if (queue === null) return
      for (const { status, executionMode, count } of queue.counts)
        depth.set({ status, execution_mode: executionMode }, count)
      oldest.set(queue.oldestPendingSeconds ?? 0)
    },
  })
}
