import { describe, expect, it } from '@jest/globals'
import type { QueueState } from '@switchyard/store'
import { createQueueCounter } from './queue-counter.ts'

function stateOf(count: number): QueueState {
  return {
    counts: [{ status: 'pending', executionMode: 'undecided', count }],
    oldestPendingSeconds: 1,
    repositories: [],
    countedAt: new Date(0),
  }
}

function counterOf(tasks: number) {
  const world = { now: 0, tasks, asked: 0 }
  const counter = createQueueCounter(
    () => {
      world.asked += 1
      return Promise.resolve(stateOf(world.tasks))
    },
    () => world.now,
  )
  return { world, counter }
}

describe('the counter of the queue', () => {
  it('counts few tasks at each question', async () => {
    const { world, counter } = counterOf(10_000)
    await counter.read()
    world.tasks = 9_999
    expect((await counter.read()).counts[0]!.count).toBe(9_999)
    expect(world.asked).toBe(2)
  })

  it('gives the counts of a million tasks again for 50 seconds, and then counts anew', async () => {
    const { world, counter } = counterOf(1_000_000)
    await counter.read()
    world.tasks = 1
    world.now = 49_999
    expect((await counter.read()).counts[0]!.count).toBe(1_000_000)
    world.now = 50_000
    expect((await counter.read()).counts[0]!.count).toBe(1)
    expect(world.asked).toBe(2)
  })

  it('counts much once for all who ask meanwhile', async () => {
    const { world, counter } = counterOf(1_000_000)
    await counter.read()
    world.now = 60_000
    await Promise.all([counter.read(), counter.read(), counter.read()])
    expect(world.asked).toBe(2)
  })

  it('asks again after a count that failed', async () => {
    let fails = false
    let now = 0
    const counter = createQueueCounter(
      () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(stateOf(1_000_000))),
      () => now,
    )
    await counter.read()
    now = 60_000
    fails = true
    await expect(counter.read()).rejects.toThrow('away')
    fails = false
    expect((await counter.read()).counts[0]!.count).toBe(1_000_000)
  })
})
