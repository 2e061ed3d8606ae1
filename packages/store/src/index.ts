export { admitNext, listAdmissibleKeys } from './admit.ts'
export * from './agents.ts'
export { assignTask } from './assign-task.ts'
export type { AssignTaskRequest, AssignTaskResult } from './assign-task.ts'
export { atMostEvery } from './at-most-every.ts'
export { cancelByConcurrencyKey, cancelTask } from './cancel-task.ts'
export { claimForAgents, repeatClaimForAgent } from './claim-for-agents.ts'
export type {
  AgentRequest,
  ClaimForAgentResult,
  ClaimForAgentsOptions,
  ClaimForAgentsResult,
} from './claim-for-agents.ts'
export type { AgentClaim } from './claim-rows.ts'
export { claimForHosts } from './claim-for-hosts.ts'
export type { ClaimForHostsRequest } from './claim-for-hosts.ts'
export { createTask, createTasks } from './create-task.ts'
export type { CreateTaskResult } from './create-task.ts'
export { readDatabaseClock } from './database-clock.ts'
export { isDatabaseUnavailable, isHeldUp, isLockTimeout, isRefused } from './database-errors.ts'
export { DELIVERY_OUTCOMES, getDelivery, listDeliveries } from './deliveries.ts'
export type {
  Delivery,
  DeliveryFilter,
  DeliveryOutcome,
  DeliveryPlan,
  DeliveryReceipt,
  ReceivedDelivery,
} from './deliveries.ts'
export { listDispatchers, removeDeadDispatchers, removeDispatcher, reportDispatcher } from './dispatchers.ts'
export type { Dispatcher } from './dispatchers.ts'
export { forgetForgeObjects } from './forge-objects.ts'
export type { ForgeSubject } from './forge-objects.ts'
export { recordHostCheck, requestHostCheck, takeDueHostChecks, takeHostChecks } from './host-checks.ts'
export type { HostCheckRecord, HostCheckStart } from './host-checks.ts'
export * from './hosts.ts'
export { listCancelRequests, renewLease, renewLeases } from './leases.ts'
export type { LeaseRenewal, RenewedLease, RenewLeaseRequest } from './leases.ts'
export { appendLog, appendLogs, readLog, readLogEnd } from './logs.ts'
export type { AppendLogRequest, AppendLogResult, LogAppend, LogPiece } from './logs.ts'
export { assertSchemaIsKnown, migrate, NewerSchemaError, OlderSchemaError } from './migrate.ts'
export type { NewTask } from './new-task.ts'
export { adoptOrphan, postponeOrphan, takeOrphans } from './orphans.ts'
export type { Orphan } from './orphans.ts'
export { createPool, inTransaction } from './pool.ts'
export type { Pool, PoolOptions, Queryable } from './pool.ts'
export { putHost } from './put-host.ts'
export type { HostToPut, PutHostResult } from './put-host.ts'
export * from './queue-state.ts'
export { getTask, listTasks } from './read-tasks.ts'
export type { TaskFilter } from './read-tasks.ts'
export { isPlain, receiveDeliveries } from './receive-deliveries.ts'
export type { PlainDelivery, PlannedDelivery } from './receive-deliveries.ts'
export { receiveDelivery } from './receive-delivery.ts'
export { rerunTask } from './rerun-task.ts'
export type { RerunTaskResult } from './rerun-task.ts'
export { listAgentsWithReservedTasks } from './reserved-tasks.ts'
export { deleteOldDeliveries, deleteOldTasks } from './retention.ts'
export { countAhead, findPredecessor, listCandidates } from './routing-facts.ts'
export {
  admitAfterEnd,
  completeClaim,
  completeClaims,
  findClaimant,
  settleClaim,
  wasSettled,
} from './settle-claim.ts'
export type { ClaimIdentity, Completion, LockedClaim } from './settle-claim.ts'
export { createScanMemory } from './scan-memory.ts'
export type { ScanMemory } from './scan-memory.ts'
export { STATEMENTS } from './statements.ts'
export { publishTurns } from './turns.ts'
export { deleteUnusedLanes, markUnusedLanes } from './unused-lanes.ts'
export { createWaker, listenForWakeUps } from './wake-ups.ts'
export type { WakeUpListener, Waker } from './wake-ups.ts'
export { flipUndecided, listExpiredClaims, makeDue } from './sweeps.ts'
export { isEventCursor, latestEventCursor, listEventsAfter, listTaskEvents } from './task-events.ts'
export type { TaskEvent } from './task-events.ts'
