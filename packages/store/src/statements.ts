import { ADMIT_STATEMENTS } from './admit.ts'
import { AGENT_STATEMENTS } from './agents.ts'
import { ASSIGN_STATEMENTS } from './assign-task.ts'
import { CANCEL_STATEMENTS } from './cancel-task.ts'
import { AGENT_STANDING_STATEMENTS } from './agent-standing.ts'
import { CLAIM_NEXT_STATEMENTS } from './claim-next.ts'
import { CLAIM_NEXT_FOR_HOSTS_STATEMENTS } from './claim-next-for-hosts.ts'
import { COMPLETE_STATEMENTS } from './complete-claim.ts'
import { CREATE_STATEMENTS } from './create-task.ts'
import { DATABASE_CLOCK_STATEMENTS } from './database-clock.ts'
import { DELIVERY_STATEMENTS } from './deliveries.ts'
import { EARLIER_DELIVERY_STATEMENTS } from './earlier-deliveries.ts'
import { DISPATCHER_STATEMENTS } from './dispatchers.ts'
import { FORGE_OBJECT_STATEMENTS } from './forge-objects.ts'
import { HOST_CHECK_STATEMENTS } from './host-checks.ts'
import { HOST_STANDING_STATEMENTS } from './host-standing.ts'
import { HOST_STATEMENTS } from './hosts.ts'
import { LEASE_STATEMENTS } from './leases.ts'
import { LOG_STATEMENTS } from './logs.ts'
import { OPEN_LANES_STATEMENTS } from './open-lanes.ts'
import { ORPHAN_STATEMENTS } from './orphans.ts'
import { PUT_HOST_STATEMENTS } from './put-host.ts'
import { QUEUE_STATE_STATEMENTS } from './queue-state.ts'
import { READ_STATEMENTS } from './read-tasks.ts'
import { RERUN_STATEMENTS } from './rerun-task.ts'
import { RESERVED_STATEMENTS } from './reserved-tasks.ts'
import { RETENTION_STATEMENTS } from './retention.ts'
import { ROUTING_FACT_STATEMENTS } from './routing-facts.ts'
import { SETTLE_STATEMENTS } from './settle-claim.ts'
import { SWEEP_STATEMENTS } from './sweeps.ts'
import { EVENT_STATEMENTS } from './task-events.ts'
import { TURN_STATEMENTS } from './turns.ts'
import { UNUSED_LANE_STATEMENTS } from './unused-lanes.ts'
import { WAKE_UP_STATEMENTS } from './wake-ups.ts'

/** Every statement by its name, so that a test can prepare each of them against the migrated schema. */
export const STATEMENTS: Readonly<Record<string, string>> = {
  ...ADMIT_STATEMENTS,
  ...AGENT_STATEMENTS,
  ...ASSIGN_STATEMENTS,
  ...CANCEL_STATEMENTS,
  ...AGENT_STANDING_STATEMENTS,
  ...CLAIM_NEXT_STATEMENTS,
  ...CLAIM_NEXT_FOR_HOSTS_STATEMENTS,
  ...COMPLETE_STATEMENTS,
  ...CREATE_STATEMENTS,
  ...DATABASE_CLOCK_STATEMENTS,
  ...DELIVERY_STATEMENTS,
  ...EARLIER_DELIVERY_STATEMENTS,
  ...DISPATCHER_STATEMENTS,
  ...EVENT_STATEMENTS,
  ...FORGE_OBJECT_STATEMENTS,
  ...HOST_CHECK_STATEMENTS,
  ...HOST_STANDING_STATEMENTS,
  ...HOST_STATEMENTS,
  ...LEASE_STATEMENTS,
  ...LOG_STATEMENTS,
  ...OPEN_LANES_STATEMENTS,
  ...ORPHAN_STATEMENTS,
  ...PUT_HOST_STATEMENTS,
  ...QUEUE_STATE_STATEMENTS,
  ...READ_STATEMENTS,
  ...RERUN_STATEMENTS,
  ...RESERVED_STATEMENTS,
  ...RETENTION_STATEMENTS,
  ...ROUTING_FACT_STATEMENTS,
  ...SETTLE_STATEMENTS,
  ...SWEEP_STATEMENTS,
  ...TURN_STATEMENTS,
  ...UNUSED_LANE_STATEMENTS,
  ...WAKE_UP_STATEMENTS,
}
