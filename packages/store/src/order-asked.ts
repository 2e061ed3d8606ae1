/** The rows at the places that their requests had (`with ordinality` counts from 1); null where a request got none. */
export function inOrderAsked<Row extends { readonly number: number }>(
  requests: number,
  rows: readonly Row[],
): (Row | null)[] {
  const results = Array.from<Row | null>({ length: requests }).fill(null)
  for (const row of rows) results[row.number - 1] = row
  return results
}
