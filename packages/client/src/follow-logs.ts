import type { LogEnd, LogPiece } from './wire/types.ts'

/** What the log of a task brings while it is followed. */
export type FollowedLog =
  | (LogPiece & {
      readonly kind: 'text'
      /** The byte behind this piece: where to go on reading. */
      readonly next_offset: number
    })
  | (LogEnd & {
      /** The attempt has ended and its log is complete. */
      readonly kind: 'end'
      readonly next_offset: number
    })

/** What one server-sent event of a log means; null for an event of a kind that is not known here. */
export function followedLogOf(event: {
  readonly event: string
  readonly id: string
  readonly data: string
}): FollowedLog | null {
  const next_offset = Number(event.id)
  switch (event.event) {
    case 'log':
      return { ...(JSON.parse(event.data) as LogPiece), kind: 'text', next_offset }
    case 'end':
      return { ...(JSON.parse(event.data) as LogEnd), kind: 'end', next_offset }
    default:
      return null
  }
}
