import { types } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import { Bell } from './bell.ts'

/** How many signals were made from this one: Node.js keeps them in a set that only its abort empties. */
function dependentsOf(signal: AbortSignal): number {
  const kept = Object.getOwnPropertySymbols(signal).map((key) => Reflect.get(signal, key) as unknown)
  return kept.reduce<number>((sum, each) => (types.isSet(each) ? sum + each.size : sum), 0)
}

describe('a bell', () => {
  it('ends a sleep when it rings, also when it rang before, and once', async () => {
    const [bell, clock, stop] = [new Bell(), fixedClock(new Date(0)), new AbortController()]
    bell.ring()
    await bell.sleep(clock, 1000, stop.signal)
    let over = false
    const sleeping = bell.sleep(clock, 1000, stop.signal).then(() => (over = true))
    await Promise.resolve()
    expect(over).toBe(false)
    bell.ring()
    await sleeping
  })

  it('leaves nothing on the signal that ends sleeps, and ends them with it', async () => {
    const [bell, clock, stop] = [new Bell(), fixedClock(new Date(0)), new AbortController()]
    const sleeping = bell.sleep(clock, 1000, stop.signal)
    clock.advance(1000)
    await sleeping
    expect(dependentsOf(stop.signal)).toBe(0)
    const last = bell.sleep(clock, 1000, stop.signal)
    stop.abort()
    await last
  })
})
