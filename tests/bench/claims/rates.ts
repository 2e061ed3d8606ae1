import type { Timeline } from './load/timeline.ts'

/** The mean of a timeline's whole seconds from `first` on, before `end`, per second. */
export function rateOf({ perSecond }: Timeline, first: number, end = perSecond.length): number {
  const seconds = perSecond.slice(first, end)
  if (seconds.length === 0) throw new Error('nothing was measured')
  return seconds.reduce((sum, count) => sum + count, 0) / seconds.length
}
