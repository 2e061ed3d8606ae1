import { storableText } from '@switchyard/core'

/** A JSON object nobody has checked yet: what a forge sends differs between versions, so every read is a question. */
export type JsonObject = Readonly<Record<string, unknown>>

/** True for what JSON calls an object: not null, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member itself, whatever its type; null when it is absent. Inherited properties are not members. */
export function memberOf(object: JsonObject | null, key: string): unknown {
  return object !== null && Object.hasOwn(object, key) ? object[key] : null
}

/** The member when it is an object, else null. */
export function objectAt(object: JsonObject | null, key: string): JsonObject | null {
  const value = memberOf(object, key)
  return isJsonObject(value) ? value : null
}

/** The member when it is a list, else an empty one. */
export function listAt(object: JsonObject | null, key: string): readonly unknown[] {
  const value = memberOf(object, key)
  return Array.isArray(value) ? value : []
}

/** The member when it is text, possibly empty, made storable; else null. */
export function textAt(object: JsonObject | null, key: string): string | null {
  const value = memberOf(object, key)
  return typeof value === 'string' ? storableText(value) : null
}

/** The member when it is text that says something, trimmed and storable; else null. */
export function nameAt(object: JsonObject | null, key: string): string | null {
  const name = textAt(object, key)?.trim() ?? ''
  return name === '' ? null : name
}

/** The member when it is a number that can count something (a safe integer from 1 up), else null. */
export function countAt(object: JsonObject | null, key: string): number | null {
  const value = memberOf(object, key)
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null
}
