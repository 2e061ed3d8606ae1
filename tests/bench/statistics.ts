/** Of a list of measurements, in their own unit. */
export interface Summary {
  readonly count: number
  readonly least: number
  readonly median: number
  readonly most: number
}

/** Throws when there is nothing to sum up. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right)
  const least = sorted[0]
  const most = sorted.at(-1)
  if (least === undefined || most === undefined) throw new Error('nothing was measured')
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  const median = middle.reduce((sum, value) => sum + value, 0) / middle.length
  return { count: sorted.length, least: rounded(least), median: rounded(median), most: rounded(most) }
}

/** The least value that at least this share (0 to 1) of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (value === undefined) throw new Error('nothing was measured')
  return rounded(value)
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
