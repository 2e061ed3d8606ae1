import type { Clock, Log, Metrics } from '@switchyard/platform'
import type { Pool, Waker } from '@switchyard/store'
import type { AgentDirectory } from './agent-directory.ts'
import type { ClaimDesk } from './claim-desk.ts'
import type { ApiConfig } from './config.ts'
import type { ApiEvents } from './events.ts'
import type { Intake } from './intake.ts'
import type { QueueCounter } from './queue-counter.ts'
import type { Rule } from './rules/rule.ts'
import type { WakeUps } from './wake-ups.ts'

/** What handlers work with. Each takes the few things it needs. */
export interface ApiContext {
  readonly config: ApiConfig
  readonly version: string
  readonly pool: Pool
  /** Who the agents are, without asking the database each time. */
  readonly agents: AgentDirectory
  readonly log: Log
  readonly metrics: Metrics
  readonly events: ApiEvents
  readonly clock: Clock
  /** How much there is to do. */
  readonly queue: QueueCounter
  readonly rules: readonly Rule[]
  /** Where new tasks and deliveries go. */
  readonly intake: Intake
  /** Where dequeues ask and wait. */
  readonly desk: ClaimDesk
  /** Tells this process and all others that there is something to do. */
  readonly waker: Waker
  /** Hears that there is something to do. */
  readonly wakeUps: WakeUps
  /** Aborts when the process is to end: long requests then answer what they have. */
  readonly stopping: AbortSignal
  /** How long a host check waits for a dispatcher. */
  readonly hostCheckMilliseconds: number
}
