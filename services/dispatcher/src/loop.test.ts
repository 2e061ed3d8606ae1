import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import { Bell } from './bell.ts'
import { runLoop } from './loop.ts'

function startLoop(cycle?: () => Promise<void>) {
  const clock = fixedClock(new Date(0))
  const bell = new Bell()
  const stop = new AbortController()
  const ran: number[] = []
  const finished = runLoop({
    cycle: async () => {
      ran.push(clock.now().getTime())
      await cycle?.()
    },
    ...{ clock, bell, intervalSeconds: 10, random: () => 0.5, signal: stop.signal },
  })
  /** Moves the clock in small steps, so that each sleep ends at its own time. */
  async function pass(milliseconds: number): Promise<void> {
    await nextTurn()
    for (let passed = 0; passed < milliseconds; passed += 50) {
      clock.advance(50)
      await nextTurn()
    }
  }
  return { bell, stop, ran, finished, pass }
}

describe('the loop', () => {
  it('runs a cycle at once and then one per interval, and returns when it is told to', async () => {
    const { stop, ran, finished, pass } = startLoop()
    await pass(20_000)
    expect(ran).toEqual([0, 10_000, 20_000])
    stop.abort()
    await finished
  })

  it('begins the next cycle early when the bell rings, once for a burst', async () => {
    const { bell, stop, ran, finished, pass } = startLoop()
    await pass(1000)
    bell.ring()
    bell.ring()
    await nextTurn()
    bell.ring()
    await pass(1000)
    expect(ran).toEqual([0, 1000, 1250])
    stop.abort()
    await finished
  })

  it('never runs two cycles at once, and remembers a ring during one', async () => {
    let end = (): void => undefined
    const { bell, stop, ran, finished, pass } = startLoop(() => new Promise((resolve) => (end = resolve)))
    await pass(30_000)
    bell.ring()
    expect(ran).toEqual([0])
    end()
    await pass(500)
    expect(ran).toHaveLength(2)
    stop.abort()
    end()
    await finished
  })
})
