import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import type { TaskEvent } from '@switchyard/store'
import { createWakeUps } from '../wake-ups.ts'
import { tellEvents } from './event-feed.ts'

function eventOf(number: number): TaskEvent {
  return {
    cursor: `1-${number}`,
    taskId: '018f3e2a-0000-7000-8000-000000000000',
    at: new Date(0),
    event: 'created',
    fromStatus: null,
    toStatus: 'pending',
    executionMode: 'undecided',
    agentId: null,
    attempt: 0,
    actor: 'admin',
    reason: null,
  }
}

/** A reader that is told the events of a world in which they happen when a test says so. */
function follow(happened = 0) {
  const clock = fixedClock(new Date(0))
  const wakeUps = createWakeUps()
  const hangUp = new AbortController()
  const world = { happened, looks: [] as number[], told: [] as string[] }
  const stream = {
    over: hangUp.signal,
    send({ id }: { id: string }) {
      world.told.push(id)
      return Promise.resolve()
    },
  }
  const ended = tellEvents({ clock, wakeUps }, stream, '1-0', (after) => {
    world.looks.push(clock.now().getTime())
    const from = Number(after.slice(2)) + 1
    const length = Math.min(200, world.happened - from + 1)
    return Promise.resolve(Array.from({ length }, (_, index) => eventOf(from + index)))
  })
  return {
    clock,
    world,
    happens: () => {
      world.happened += 1
      wakeUps.ring()
      return nextTurn()
    },
    hangUp: () => {
      hangUp.abort()
      return ended
    },
  }
}

function cursorsTo(last: number): string[] {
  return Array.from({ length: last }, (_, index) => `1-${index + 1}`)
}

describe('the feed of one reader', () => {
  it('looks at most ten times a second, however much happens, and leaves nothing out', async () => {
    const { clock, world, happens, hangUp } = follow()
    await nextTurn()
    for (let moment = 0; moment < 50; moment += 1) {
      await happens()
      clock.advance(10)
      await nextTurn()
    }
    clock.advance(100)
    await nextTurn()
    expect(world.looks).toEqual([0, 100, 200, 300, 400, 500])
    expect(world.told).toEqual(cursorsTo(50))
    await hangUp()
  })

  it('is told at once what happens after a pause', async () => {
    const { clock, world, happens, hangUp } = follow()
    await nextTurn()
    clock.advance(100)
    await happens()
    expect(world.told).toEqual(['1-1'])
    await hangUp()
  })

  it('does not rest while there is more than one look finds', async () => {
    const { world, hangUp } = follow(450)
    await nextTurn()
    expect(world.told).toEqual(cursorsTo(450))
    expect(world.looks).toEqual([0, 0, 0])
    await hangUp()
  })
})
