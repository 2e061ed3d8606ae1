/** Many values as one, and where each of them is. */
export interface JoinedBytes {
  readonly bytes: Buffer
  /** As PostgreSQL's substring counts: the first byte is the first. */
  readonly places: readonly { readonly start: number; readonly length: number }[]
}

/**
 * Long values for a statement that takes them out again with `substring`. PostgreSQL's protocol has binary values, but an array of
 * them would be sent as text, and a long text within JSON is escaped here and unescaped there, which costs more than storing it.
 */
export function joinBytes(values: readonly Buffer[]): JoinedBytes {
  let start = 1
  const places = values.map(({ length }) => {
    const place = { start, length }
    start += length
    return place
  })
  return { bytes: Buffer.concat(values, start - 1), places }
}
