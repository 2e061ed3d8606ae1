import { isAgentId } from '@switchyard/core'
import { invalidRequest } from './bind.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id behind which a list goes on, for lists ordered by UUIDv7. */
export function idFromCursor(cursor: string | undefined): string | null {
  return decode(cursor, (id) => UUID.test(id))
}

/** The id behind which a list of agents or hosts goes on. */
export function agentIdFromCursor(cursor: string | undefined): string | null {
  return decode(cursor, isAgentId)
}

/** One page out of one row more than fits on it; the extra row tells whether there is another page. */
export function page<T extends { readonly id: string }>(
  rows: readonly T[],
  limit: number,
): { items: readonly T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items, nextCursor: more ? Buffer.from(last.id).toString('base64url') : null }
}

function decode(cursor: string | undefined, isId: (text: string) => boolean): string | null {
  if (cursor === undefined) return null
  const id = Buffer.from(cursor, 'base64url').toString()
  if (isId(id)) return id
  throw invalidRequest([{ path: 'query.cursor', message: 'is not a next_cursor of this list' }])
}
