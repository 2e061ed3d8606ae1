/**
 * Text as PostgreSQL can store it: NUL characters are removed (a `text` column refuses them) and lone surrogates, which
 * have no UTF-8 form, become U+FFFD.
 */
export function storableText(text: string): string
export function storableText(text: string | null): string | null
export function storableText(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, '\uFFFD')
}

/** A value as JSON whose texts a `jsonb` column can store. */
export function storableJson(value: object): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'string' ? storableText(member) : member,
  )
}

/** Whether all texts of a value can be stored as they are, the names of members too. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return storableText(value) === value
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member))
}

/** The first `limit` code points of the text; what was cut is shown as an ellipsis that counts as one of them. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const points = Array.from(text)
  return points.length <= limit ? text : `${points.slice(0, limit - 1).join('')}…`
}
