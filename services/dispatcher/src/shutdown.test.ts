import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import { endRuns } from './shutdown.ts'

function fakeRuns() {
  const said: string[] = []
  let end = (): void => undefined
  const idle = new Promise<void>((resolve) => (end = resolve))
  return {
    said,
    end,
    runs: {
      drain: () => void said.push('drain'),
      idle: () => idle,
      abandon: () => void said.push('abandon'),
    },
  }
}

describe('the end of all runs', () => {
  it('waits three seconds for runs to be handed over, and one more for them to give up', async () => {
    const clock = fixedClock(new Date(0))
    const { runs, said } = fakeRuns()
    let isOver = false
    const ended = endRuns(runs, clock).then(() => (isOver = true))
    clock.advance(2999)
    await nextTurn()
    expect(said).toEqual(['drain'])
    clock.advance(1)
    await nextTurn()
    expect(said).toEqual(['drain', 'abandon'])
    expect(isOver).toBe(false)
    clock.advance(1000)
    await ended
  })

  it('does not wait when nothing runs', async () => {
    const { runs, said, end } = fakeRuns()
    end()
    await endRuns(runs, fixedClock(new Date(0)))
    expect(said).toEqual(['drain', 'abandon'])
  })
})
