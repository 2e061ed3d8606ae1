const ESCAPE = '\u001b'
const BELL = '\u0007'
/** CSI, as two characters and as the one of ISO 8859, with its parameters. */
const CONTROL_BEGUN = `(?:${ESCAPE}\\[|\u009b)[0-?]*[ -/]*`
/** DCS, SOS, OSC, PM and APC, with their text. */
const STRING_BEGUN = `(?:${ESCAPE}[\\]PX^_]|[\u0090\u0098\u009d-\u009f])[^${BELL}${ESCAPE}\u009c]*`

/** Escape sequences: ECMA-48, 5.3, 5.4 and 8.3. */
const ESCAPE_SEQUENCE = new RegExp(
  [
    `${CONTROL_BEGUN}[@-~]`,
    `${STRING_BEGUN}(?:${BELL}|${ESCAPE}\\\\|\u009c)`,
    `${ESCAPE}(?:[ -/]+[0-~]|[0-OQ-WYZ\\\\\`-~])`,
  ].join('|'),
  'g',
)
/** One that the text does not finish, or the first half of a line's end. */
const UNFINISHED = new RegExp(`(?:${CONTROL_BEGUN}|${STRING_BEGUN}${ESCAPE}?|${ESCAPE}[ -/]*|\r)$`)

/** Controls, what changes the direction or place of the text around it, what cannot be seen. The joiner of emoji does no harm. */
const UNSEEN = /(?![\t\n\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const CONTROL_PICTURES = 0x2400
const DELETE = 0x7f

/**
 * Text of strangers as it may appear on a terminal: escape sequences are taken out, other controls become visible pictures, and
 * only tabs and newlines stay. A carriage return ends a line, as progress bars mean it.
 */
export function terminalText(text: string): string {
  return text.replace(ESCAPE_SEQUENCE, '').replace(/\r\n?/g, '\n').replace(UNSEEN, picture)
}

/** The same on one line, with runs of blanks as one: for titles, names and reasons. */
export function terminalLine(text: string): string {
  return terminalText(text).replace(/\s+/g, ' ').trim()
}

function picture(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code)
  if (code === DELETE) return '\u2421'
  return '\ufffd'
}

/** How much of an unfinished escape sequence is waited for before it is shown as what it is. */
const LONGEST_WAIT = 4_096

/** Makes terminal text of a stream whose pieces end anywhere, in the middle of an escape sequence too. */
export function createTerminalTextStream(): { write(piece: string): string; end(): string } {
  let held = ''
  return {
    write(piece) {
      const text = held + piece
      const cut = unfinishedFrom(text)
      held = text.slice(cut)
      return terminalText(text.slice(0, cut))
    },
    end() {
      const rest = terminalText(held)
      held = ''
      return rest
    },
  }
}

/** Where the text has to be continued before it is known what it means; its length when that is nowhere. */
function unfinishedFrom(text: string): number {
  // What is complete is covered up: its end may look like the beginning of another one.
  const covered = text.replace(ESCAPE_SEQUENCE, (sequence) => ' '.repeat(sequence.length))
  const begin = covered.search(UNFINISHED)
  return begin === -1 || text.length - begin > LONGEST_WAIT ? text.length : begin
}
