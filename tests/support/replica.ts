import { createLog, createMetrics, fixedClock } from '@switchyard/platform'
import type { Clock, FixedClock, Metrics } from '@switchyard/platform'
import { createDispatcherMetrics, createEvents, createOutage, createReplica } from '@switchyard/dispatcher'
import type { Policy, Replica } from '@switchyard/dispatcher'
import type { Ssh } from '@switchyard/dispatcher/ssh'
import type { Pool } from '@switchyard/store'
import { at } from './fixed-clock.ts'

export const TEST_POLICY: Policy = {
  intervalSeconds: 10,
  undecidedTimeoutSeconds: 30,
  startSeconds: 30,
  leaseSeconds: 90,
  reconnectSeconds: 60,
  orphanTimeoutSeconds: 3600,
  maxDeliveries: 20,
  hostCheckSeconds: 0,
  logLimitBytes: 1024 * 1024,
  retentionDays: 30,
  deliveryRetentionDays: 14,
}

export interface TestReplica<C extends Clock = FixedClock> extends Replica {
  readonly clock: C
  readonly metrics: Metrics
}

interface ReplicaOptions {
  readonly id?: string
  readonly policy?: Partial<Policy>
  /** Default: the one for all. */
  readonly cyclePool?: Pool
}

/** A dispatcher on a clock that stands still, or on the given one; its cycles run when the test says so. */
export function testReplica(pool: Pool, ssh: Ssh, options?: ReplicaOptions): TestReplica
export function testReplica<C extends Clock>(
  pool: Pool,
  ssh: Ssh,
  options: ReplicaOptions & { readonly clock: C },
): TestReplica<C>
export function testReplica(
  pool: Pool,
  ssh: Ssh,
  options: ReplicaOptions & { readonly clock?: Clock } = {},
): TestReplica<Clock> {
  const clock = options.clock ?? fixedClock(at(0))
  const metrics = createMetrics()
  const log = createLog({ level: 'silent', service: 'dispatcher' })
  const events = createEvents(log, createDispatcherMetrics(metrics))
  const replica = createReplica({
    ...{ pool, ssh, clock, events },
    cyclePool: options.cyclePool ?? pool,
    dispatcherId: options.id ?? 'dispatcher-under-test',
    outage: createOutage(events),
    policy: { ...TEST_POLICY, ...options.policy },
    random: () => 0.5,
  })
  return { ...replica, clock, metrics }
}
