import type { Clock } from '@switchyard/platform'
import type { Pool, Waker } from '@switchyard/store'
import type { Events } from './events.ts'
import type { Outage } from './outage.ts'
import type { Policy } from './policy.ts'
import type { Ssh } from './ssh/index.ts'

/** What one replica works with. Each part takes the few pieces that it needs. */
export interface DispatcherContext {
  /** Names this replica in events. */
  readonly dispatcherId: string
  readonly pool: Pool
  /** For cycles only: what a thousand runs ask for does not stand before what the next ones wait for. */
  readonly cyclePool: Pool
  readonly clock: Clock
  readonly ssh: Ssh
  readonly policy: Policy
  /** A number in [0, 1), spreads pauses. */
  readonly random: () => number
  readonly events: Events
  readonly outage: Outage
  /** Tells other processes that there may be something new to do. */
  readonly waker: Waker
}
