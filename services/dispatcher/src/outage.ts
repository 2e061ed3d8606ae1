import { isDatabaseUnavailable, isHeldUp } from '@switchyard/store'
import type { Events } from './events.ts'

/** Says once that the database is away, and once that it is back, however many calls notice it. */
export interface Outage {
  /** True when the same call may work later. The database is away then, unless only this call was held up. */
  noticed(error: unknown): boolean
  /** A call to the database worked. */
  worked(): void
}

export function createOutage(events: Pick<Events, 'databaseAway' | 'databaseBack'>): Outage {
  let away = false
  return {
    noticed(error) {
      if (!isDatabaseUnavailable(error)) return false
      if (isHeldUp(error)) return true
      if (!away) events.databaseAway(error)
      away = true
      return true
    },
    worked() {
      if (away) events.databaseBack()
      away = false
    },
  }
}
