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
      stopAll: () => void said.push('stopAll'),
      abandon: () => void said.push('abandon'),
    },
  }
}

describe('the end of all runs', () => {
  it('lets running work finish until ten seconds before the end, then stops it, then gives up', async () => {
    const clock = fixedClock(new Date(0))
    const { runs, said } = fakeRuns()
    const ended = endRuns(runs, clock, 25)
    clock.advance(14_999)
    await nextTurn()
    expect(said).toEqual(['drain'])
    clock.advance(1)
    await nextTurn()
    expect(said).toEqual(['drain', 'stopAll'])
    clock.advance(8000)
    await ended
    expect(said).toEqual(['drain', 'stopAll', 'abandon'])
  })

  it('does not wait when nothing runs', async () => {
    const { runs, said, end } = fakeRuns()
    end()
    await endRuns(runs, fixedClock(new Date(0)), 25)
    expect(said).toEqual(['drain', 'stopAll', 'abandon'])
  })

  it('stops running work at once when the grace period is short', async () => {
    const { runs, said, end } = fakeRuns()
    const ended = endRuns(runs, fixedClock(new Date(0)), 10)
    await nextTurn()
    expect(said).toEqual(['drain', 'stopAll'])
    end()
    await ended
  })
})
