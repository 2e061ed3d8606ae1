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
