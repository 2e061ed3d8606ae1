// Large enough that a round trip and a commit are nothing beside it, small enough to be over within a tenth of a second.
const MOVED_PER_BATCH = 2_000
const MOST_MOVING_BATCHES = 50

/** Moves tasks, a bounded number at a time and in all. Returns how many. */
export function moveInBatches(moveBatch: (limit: number) => Promise<number>): Promise<number> {
  return inBatches(MOVED_PER_BATCH, MOST_MOVING_BATCHES, moveBatch)
}

/** As moveInBatches, where the order does not matter: when there is much to do, two halves of a batch at a time. */
export async function moveInTwos(moveBatch: (limit: number) => Promise<number>): Promise<number> {
  const size = MOVED_PER_BATCH / 2
  const first = await moveBatch(size)
  if (first < size) return first
  const rest = () => inBatches(size, MOST_MOVING_BATCHES, moveBatch)
  const sums = await Promise.allSettled([rest(), rest()])
  for (const sum of sums) if (sum.status === 'rejected') throw sum.reason
  return sums.reduce((all, sum) => all + (sum.status === 'fulfilled' ? sum.value : 0), first)
}

/** Repeats a bounded statement until a batch is short, at most `maxBatches` times. Returns the sum. */
export async function inBatches(
  batchSize: number,
  maxBatches: number,
  runBatch: (limit: number) => Promise<number>,
): Promise<number> {
  let sum = 0
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const count = await runBatch(batchSize)
    sum += count
    if (count < batchSize) break
  }
  return sum
}
