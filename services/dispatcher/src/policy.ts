import type { DispatcherConfig } from './config.ts'

/** What decisions depend on, in the words of the domain. */
export interface Policy {
  readonly intervalSeconds: number
  readonly undecidedTimeoutSeconds: number
  /** A claimed task must be started within this time. */
  readonly startSeconds: number
  readonly leaseSeconds: number
  /** How long the host of a run may be out of reach before its task is orphaned. */
  readonly reconnectSeconds: number
  /** How long an orphaned task may stay one before it is given up. */
  readonly orphanTimeoutSeconds: number
  readonly maxDeliveries: number
  /** How old the last check of a host may become; 0: hosts are checked on request only. */
  readonly hostCheckSeconds: number
  readonly logLimitBytes: number
  readonly retentionDays: number
  readonly deliveryRetentionDays: number
}

export function policyOf(config: DispatcherConfig): Policy {
  return {
    intervalSeconds: config.SWITCHYARD_DISPATCH_INTERVAL_SECONDS,
    undecidedTimeoutSeconds: config.SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS,
    startSeconds: config.SWITCHYARD_START_SECONDS,
    leaseSeconds: config.SWITCHYARD_LEASE_SECONDS,
    reconnectSeconds: config.SWITCHYARD_RECONNECT_SECONDS,
    orphanTimeoutSeconds: config.SWITCHYARD_ORPHAN_TIMEOUT_SECONDS,
    maxDeliveries: config.SWITCHYARD_MAX_DELIVERIES,
    hostCheckSeconds: config.SWITCHYARD_HOST_CHECK_SECONDS,
    logLimitBytes: config.SWITCHYARD_LOG_LIMIT_BYTES,
    retentionDays: config.SWITCHYARD_RETENTION_DAYS,
    deliveryRetentionDays: config.SWITCHYARD_DELIVERY_RETENTION_DAYS,
  }
}
