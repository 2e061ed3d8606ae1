import { isDatabaseUnavailable } from '@switchyard/store'
import type { Events } from './events.ts'

/** Says once that the database is away, and once that it is back, however many calls notice it. */
export interface Outage {
  /** True when the error means that the database is away. */
  noticed(error: unknown): boolean
  /** A call to the database worked. */
  worked(): void
}

export function createOutage(events: Pick<Events, 'databaseAway' | 'databaseBack'>): Outage {
  let away = false
  return {
    noticed(error) {
      if (!isDatabaseUnavailable(error)) return false
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
