const ESCAPE = String.fromCharCode(0x1b)
const BELL = String.fromCharCode(0x07)
/** Control sequences of terminals (ECMA-48, 5.4) and operating system commands, which a BEL or ST ends. */
const CONTROL_SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)|\\[[0-?]*[ -/]*[@-~]|[ -/]*[0-Z\\\\^-~])`,
  'g',
)
const MOST_LINES = 20
const MOST_CHARACTERS = 4096

/** Remembers the end of a long text, for people: without colours, and without what a carriage return overwrote. */
export class LastLines {
  #text = ''

  add(text: string): void {
    this.#text = (this.#text + text).slice(-2 * MOST_CHARACTERS)
  }

  read(): string {
    const lines = this.#text.replace(CONTROL_SEQUENCES, '').split(/\r?\n/).map(afterLastReturn).map(printable)
    const text = lines.join('\n').trim()
    return keepEnd(text.split('\n').slice(-MOST_LINES).join('\n')).trim()
  }
}

/** A progress display writes its line again and again; its last state is what counts. */
function afterLastReturn(line: string): string {
  return line.replace(/\r+$/, '').split('\r').at(-1) ?? ''
}

/** PostgreSQL stores neither NUL nor halves of surrogate pairs, and nobody wants to read other control characters. */
function printable(line: string): string {
  return line.replace(/\t/g, '  ').replace(/\p{Cc}|\p{Cs}/gu, '')
}

function keepEnd(text: string): string {
  // By characters, so that none is cut in two.
  const characters = Array.from(text)
  return characters.length <= MOST_CHARACTERS ? text : characters.slice(-MOST_CHARACTERS).join('')
}
