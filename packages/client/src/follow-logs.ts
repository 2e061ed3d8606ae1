/** What the log of a task brings while it is followed. */
export type FollowedLog =
  | {
      readonly kind: 'text'
      readonly attempt: number
      readonly text: string
      /** The byte behind this piece: where to go on reading. */
      readonly next_offset: number
    }
  | {
      /** The attempt has ended and its log is complete. */
      readonly kind: 'end'
      readonly attempt: number
      readonly next_offset: number
      readonly produced_bytes: number
      readonly stored_bytes: number
      /** The middle of a long log was not kept. */
      readonly cut: boolean
    }

interface EventData {
  readonly attempt: number
  readonly text?: string
  readonly produced_bytes?: number
  readonly stored_bytes?: number
  readonly cut?: boolean
}

/** What one server-sent event of a log means; null for an event of a kind that is not known here. */
export function followedLogOf(event: {
  readonly event: string
  readonly id: string
  readonly data: string
}): FollowedLog | null {
  const { attempt, text = '', ...end } = JSON.parse(event.data) as EventData
  const position = { attempt, next_offset: Number(event.id) }
  if (event.event === 'log') return { kind: 'text', ...position, text }
  if (event.event !== 'end') return null
  const { produced_bytes = 0, stored_bytes = 0, cut = false } = end
  return { kind: 'end', ...position, produced_bytes, stored_bytes, cut }
}
