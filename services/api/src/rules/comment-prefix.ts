/**
 * What a comment says after the prefix, or null when it does not begin with it. The prefix must stand alone: `/agent` is
 * no prefix of `/agents`. Blank space before it does not count. Without a prefix it is the whole comment.
 */
export function textAfterPrefix(comment: string, prefix: string | null): string | null {
  const text = comment.trim()
  if (prefix === null) return text
  if (!text.startsWith(prefix)) return null
  const rest = text.slice(prefix.length)
  return rest === '' || /^\s/.test(rest) ? rest.trim() : null
}
