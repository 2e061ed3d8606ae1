import { describe, expect, it } from '@jest/globals'
import { fixedClock, systemClock } from './clock.ts'

const T0 = new Date('2026-01-02T03:04:05Z')

describe('systemClock', () => {
  it('leaves stored time to the database', () => {
    expect(systemClock.sqlNow()).toBeNull()
    expect(systemClock.now()).toBeInstanceOf(Date)
  })

  it('sleeps, and wakes early on abort', async () => {
    await systemClock.sleep(1)
    const controller = new AbortController()
    const asleep = systemClock.sleep(3_600_000, controller.signal)
    controller.abort()
    await asleep
    await systemClock.sleep(3_600_000, controller.signal)
  })

  it('is not over at once with a sleep that is longer than a timer can be', async () => {
    const controller = new AbortController()
    let isOver = false
    const asleep = systemClock.sleep(2 ** 31, controller.signal).then(() => (isOver = true))
    await systemClock.sleep(5)
    expect(isOver).toBe(false)
    controller.abort()
    await asleep
  })
})

describe('fixedClock', () => {
  it('stands still until it is moved', () => {
    const clock = fixedClock(T0)
    expect(clock.now()).toEqual(T0)
    expect(clock.sqlNow()).toEqual(T0)
    clock.advance(1500)
    expect(clock.sqlNow()).toEqual(new Date('2026-01-02T03:04:06.500Z'))
    clock.set(T0)
    expect(clock.now()).toEqual(T0)
  })

  it('ends sleeps when it has moved far enough, or on abort', async () => {
    const clock = fixedClock(T0)
    const woken: string[] = []
    const controller = new AbortController()
    const short = clock.sleep(10).then(() => void woken.push('short'))
    const long = clock.sleep(20).then(() => void woken.push('long'))
    const endless = clock.sleep(1e9, controller.signal).then(() => void woken.push('endless'))
    clock.advance(9)
    clock.advance(1)
    await short
    expect(woken).toEqual(['short'])
    clock.advance(10)
    await long
    controller.abort()
    await endless
    expect(woken).toEqual(['short', 'long', 'endless'])
  })
})
