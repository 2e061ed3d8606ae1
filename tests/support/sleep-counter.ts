import { systemClock } from '@switchyard/platform'
import type { Clock } from '@switchyard/platform'

/** The system's clock, and how often somebody has slept by it: who looks for something new again and again sleeps in between. */
export class SleepCounter {
  sleeps = 0
  readonly clock: Clock = {
    ...systemClock,
    sleep: (...wanted) => {
      this.sleeps += 1
      return systemClock.sleep(...wanted)
    },
  }
}
