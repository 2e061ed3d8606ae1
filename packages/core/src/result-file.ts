import { storableText } from './storable-text.ts'

/**
 * Reads what a command left in SWITCHYARD_RESULT_FILE: a JSON object, such as `{"summary": "…", "pull_request_url": "…"}`. Null when it
 * is none. What it says can be stored; a member whose name cannot is left out.
 */
export function parseResultFile(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''), (key, member: unknown) => {
      if (storableText(key) !== key) return undefined
      return typeof member === 'string' ? storableText(member) : member
    })
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return value as Record<string, unknown>
  } catch {
    return null
  }
}
