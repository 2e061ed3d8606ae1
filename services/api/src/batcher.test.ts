import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { createBatcher } from './batcher.ts'
import type { BatcherOptions } from './batcher.ts'

const OUTAGE = new Error('the database is away')

interface Batch {
  readonly requests: readonly number[]
  answer(): void
  fail(error: Error): void
}

/** A batcher that doubles numbers, whose batches end when the test says so. */
function doubling(options: Partial<BatcherOptions<number, number>> = {}) {
  const batches: Batch[] = []
  const batcher = createBatcher<number, number>({
    largestBatch: 3,
    mostUnderWay: 1,
    ...options,
    isOutage: (error) => error === OUTAGE,
    run: (requests) =>
      new Promise((resolve, reject) => {
        batches.push({ requests, answer: () => resolve(requests.map((each) => each * 2)), fail: reject })
      }),
  })
  return { batcher, batches }
}

/** Until everything that can happen by itself has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
}

describe('a batcher', () => {
  it('asks at once for all that came together, and gives each its own result', async () => {
    const { batcher, batches } = doubling()
    const asked = [1, 2, 3].map((each) => batcher.ask(each))
    await settled()
    expect(batches.map(({ requests }) => requests)).toEqual([[1, 2, 3]])
    batches[0]?.answer()
    expect(await Promise.all(asked)).toEqual([2, 4, 6])
  })

  it('collects what comes while a batch is under way, up to the largest batch', async () => {
    const { batcher, batches } = doubling()
    const asked = [batcher.ask(1)]
    await settled()
    asked.push(...[2, 3, 4, 5].map((each) => batcher.ask(each)))
    await settled()
    expect(batches).toHaveLength(1)
    for (let index = 0; index < 3; index += 1) {
      batches[index]?.answer()
      await settled()
    }
    expect(batches.map(({ requests }) => requests)).toEqual([[1], [2, 3, 4], [5]])
    expect(await Promise.all(asked)).toEqual([2, 4, 6, 8, 10])
  })

  it('begins a batch beside another one only when enough wait for it', async () => {
    const { batcher, batches } = doubling({ mostUnderWay: 2, leastBeside: 2, longMilliseconds: 60_000 })
    const asked = [batcher.ask(1)]
    await settled()
    asked.push(batcher.ask(2))
    await settled()
    expect(batches).toHaveLength(1)
    asked.push(batcher.ask(3))
    await settled()
    expect(batches.map(({ requests }) => requests)).toEqual([[1], [2, 3]])
    asked.push(batcher.ask(4))
    for (const batch of [0, 1, 2]) {
      batches[batch]?.answer()
      await settled()
    }
    expect(await Promise.all(asked)).toEqual([2, 4, 6, 8])
  })

  it('lets nobody wait for a batch that takes long', async () => {
    const { batcher, batches } = doubling({ mostUnderWay: 2, leastBeside: 2 })
    const stuck = batcher.ask(1)
    await settled()
    const asked = batcher.ask(2)
    while (batches.length < 2) await nextTurn()
    batches[1]?.answer()
    expect(await asked).toBe(4)
    batches[0]?.answer()
    expect(await stuck).toBe(2)
  })

  it('has as many batches under way as it may', async () => {
    const { batcher, batches } = doubling({ largestBatch: 1, mostUnderWay: 2 })
    const asked = [1, 2, 3].map((each) => batcher.ask(each))
    await settled()
    expect(batches).toHaveLength(2)
    batches[1]?.answer()
    await settled()
    expect(batches.map(({ requests }) => requests)).toEqual([[1], [2], [3]])
    batches[0]?.answer()
    batches[2]?.answer()
    expect(await Promise.all(asked)).toEqual([2, 4, 6])
  })

  it('repeats a batch that failed one by one: a bad request fails alone', async () => {
    const { batcher, batches } = doubling()
    const asked = Promise.allSettled([1, 2, 3].map((each) => batcher.ask(each)))
    await settled()
    batches[0]?.fail(new Error('one of you is bad'))
    await settled()
    batches[1]?.answer()
    await settled()
    batches[2]?.fail(new Error('2 is bad'))
    await settled()
    batches[3]?.answer()
    expect(await asked).toEqual([
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: new Error('2 is bad') },
      { status: 'fulfilled', value: 6 },
    ])
    expect(batches.map(({ requests }) => requests)).toEqual([[1, 2, 3], [1], [2], [3]])
  })

  it('tells everybody of an outage, repeats nothing, and goes on afterwards', async () => {
    const { batcher, batches } = doubling()
    const asked = Promise.allSettled([1, 2].map((each) => batcher.ask(each)))
    await settled()
    batches[0]?.fail(OUTAGE)
    expect(await asked).toEqual([
      { status: 'rejected', reason: OUTAGE },
      { status: 'rejected', reason: OUTAGE },
    ])
    const later = batcher.ask(7)
    await settled()
    expect(batches).toHaveLength(2)
    batches[1]?.answer()
    expect(await later).toBe(14)
  })

  it('takes a wrong number of results for a failure', async () => {
    const batcher = createBatcher<number, number>({
      largestBatch: 3,
      mostUnderWay: 1,
      isOutage: () => false,
      run: () => Promise.resolve([]),
    })
    await expect(batcher.ask(1)).rejects.toThrow('1 requests got 0 results')
  })

  it('never runs two requests about the same thing together, and keeps their order', async () => {
    const { batcher, batches } = doubling({ mostUnderWay: 2, keyOf: (request) => String(request % 10) })
    const asked = [1, 11, 2, 21].map((each) => batcher.ask(each))
    await settled()
    // One more batch could run, but what is left is about the same thing as what is under way.
    expect(batches.map(({ requests }) => requests)).toEqual([[1, 2]])
    batches[0]?.fail(new Error('one of them is bad'))
    await settled()
    expect(batches.map(({ requests }) => requests)).toEqual([[1, 2], [1]])
    batches[1]?.answer()
    await settled()
    batches[2]?.answer()
    await settled()
    expect(batches.slice(2).map(({ requests }) => requests)).toEqual([[2], [11]])
    asked.push(batcher.ask(3))
    await settled()
    expect(batches[4]?.requests).toEqual([3])
    for (const at of [3, 4]) batches[at]?.answer()
    await settled()
    batches[5]?.answer()
    expect(await Promise.all(asked)).toEqual([2, 22, 4, 42, 6])
  })
})
