/** The values that stand directly in a list or an object; of anything else, none. */
function within(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Array.isArray(value) ? value : Object.values(value)
}

/** Whether lists and objects stand in one another deeper than so many levels. It looks no deeper itself. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return within(value).some((inner) => isDeeperThan(levels - 1, inner))
}

/** Whether there are more than so many values in one, itself included. It counts no further. */
export function holdsMoreThan(most: number, value: unknown): boolean {
  return countUpTo(most + 1, value) > most
}

function countUpTo(enough: number, value: unknown): number {
  let count = 1
  for (const inner of within(value)) {
    if (count >= enough) break
    count += countUpTo(enough - count, inner)
  }
  return count
}
