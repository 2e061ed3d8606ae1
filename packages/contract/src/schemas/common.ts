import { AGENT_ID_PATTERN, IDEMPOTENCY_KEY_PATTERN } from '@switchyard/core'
import Type from 'typebox'

/** A schema or null. */
export function nullable<T extends Type.TSchema>(schema: T, options: Type.TSchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options)
}

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' })

export const TaskId = Type.String({ format: 'uuid', description: 'UUIDv7: sorts by creation.' })

export const AgentId = Type.String({
  pattern: AGENT_ID_PATTERN,
  description: 'A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`.',
  examples: ['claude-laptop'],
})

// PostgreSQL's text holds neither NUL nor half a surrogate pair. Both are refused at the edge rather than met in the
// database, which would refuse the one and silently replace the other.
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$'

/** Text that PostgreSQL can store. */
export function text(options: Type.TStringOptions) {
  return Type.String({ pattern: STORABLE, ...options })
}

export const Label = Type.String({
  pattern: '^[^\\s,\\u0000\\ud800-\\udfff][^,\\u0000\\ud800-\\udfff]{0,62}$',
  description: 'Compared without regard to case.',
  examples: ['linux', 'gpu'],
})

/** A count of bytes: PostgreSQL's bigint goes further, JavaScript's whole numbers do not. */
export const ByteOffset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const Labels = Type.Array(Label, { maxItems: 64 })

export const IdempotencyKey = Type.String({
  pattern: IDEMPOTENCY_KEY_PATTERN,
  description:
    'Any text of yours of up to 255 visible ASCII characters. The same key again gives the same task, not another.',
})

export const LeaseToken = Type.String({
  format: 'uuid',
  description: 'From the claim. Whoever extends or ends the claim proves with it that the claim is theirs.',
})

/** How many entries a page has when nobody says it. */
export const DEFAULT_PAGE_SIZE = 50

export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: DEFAULT_PAGE_SIZE }))

export const Cursor = Type.Optional(
  Type.String({ maxLength: 200, description: 'The `next_cursor` of the page before.' }),
)

export const LastEventId = Type.Optional(
  Type.String({
    description:
      'The id of the last event that was received: what came after it is sent. Others are ignored.',
  }),
)

export const NextCursor = nullable(Type.String({ description: 'null: this was the last page.' }))

export const Directive = Type.Enum(['continue', 'cancel'], {
  description: '`cancel`: stop the work and confirm with `POST /tasks/{task_id}/fail`.',
})
