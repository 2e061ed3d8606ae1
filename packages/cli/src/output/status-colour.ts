import type { Style } from './style.ts'

/** A task's status, coloured by what it asks of the reader: nothing, patience, or a look. */
export function statusColour(style: Style, status: string): (text: string) => string {
  switch (status) {
    case 'succeeded':
      return style.green
    case 'failed':
      return style.red
    case 'cancelled':
      return style.dim
    case 'claimed':
    case 'running':
      return style.cyan
    default:
      return style.yellow
  }
}
