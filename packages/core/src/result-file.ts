/**
 * Reads what a command left in SWITCHYARD_RESULT_FILE: a JSON object, such as `{"summary": "…", "pull_request_url": "…"}`. Null when it
 * is none. PostgreSQL stores neither NUL nor halves of surrogate pairs, so those are taken out.
 */
export function parseResultFile(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''), (key, member: unknown) => {
      if (storable(key) !== key) return undefined
      return typeof member === 'string' ? storable(member) : member
    })
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return value as Record<string, unknown>
  } catch {
    return null
  }
}

function storable(text: string): string {
  return text.replace(/\0|\p{Cs}/gu, '')
}
