const WIDTH = 100
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export type Style = keyof typeof STYLES

/** Writes the story: a calm page of at most 100 columns, in colours where it is looked at by somebody who wants them. */
export interface Page {
  heading(text: string): void
  paragraph(text: string): void
  /** A name in the margin, and what belongs to it. */
  item(name: string, text: string, style?: Style): void
  /** More about the item before. */
  more(text: string): void
  /** Columns as wide as their widest cell; the last one is wrapped. */
  table(rows: readonly (readonly string[])[]): void
  quote(text: string): void
}

const MARGIN = '  '
const NAME_COLUMNS = 12

export function createPage(write: (text: string) => void, coloured: boolean): Page {
  const paint = (text: string, style: Style): string =>
    coloured && text !== '' ? `\u001B[${STYLES[style]}m${text}\u001B[0m` : text
  const indent = MARGIN.length + NAME_COLUMNS
  const print = (line: string): void => write(`${line.trimEnd()}\n`)

  return {
    heading(text) {
      print('')
      print(paint(text, 'bold'))
      print(paint('─'.repeat(Math.min(WIDTH, text.length)), 'dim'))
    },
    paragraph(text) {
      print('')
      for (const line of wrap(text, WIDTH - MARGIN.length)) print(`${MARGIN}${line}`)
    },
    item(name, text, style) {
      wrap(text, WIDTH - indent).forEach((line, index) => {
        const margin = paint((index === 0 ? name : '').padEnd(NAME_COLUMNS), 'cyan')
        print(`${MARGIN}${margin}${style === undefined ? line : paint(line, style)}`)
      })
    },
    more(text) {
      for (const line of wrap(text, WIDTH - indent)) print(`${' '.repeat(indent)}${paint(line, 'dim')}`)
    },
    table(rows) {
      const last = Math.max(...rows.map((row) => row.length)) - 1
      const widths = Array.from({ length: last }, (_, column) =>
        Math.max(...rows.map((row) => (row[column] ?? '').length)),
      )
      const before = indent + widths.reduce((sum, width) => sum + width + 2, 0)
      for (const row of rows) {
        const cells = widths.map((width, column) => (row[column] ?? '').padEnd(width + 2)).join('')
        wrap(row[last] ?? '', WIDTH - before).forEach((line, index) =>
          print(
            `${' '.repeat(indent)}${index === 0 ? cells : ' '.repeat(cells.length)}${paint(line, 'dim')}`,
          ),
        )
      }
    },
    quote(text) {
      for (const line of text.trimEnd().split('\n'))
        for (const piece of wrap(line, WIDTH - indent - 2))
          print(`${' '.repeat(indent)}${paint('│', 'dim')} ${piece}`)
    },
  }
}

/** Whether colours are wanted here (https://no-color.org). */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

/** Lines of at most so many characters, broken at spaces where there are any. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((long) => chop(long, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

function chop(word: string, width: number): string[] {
  const pieces: string[] = []
  for (let at = 0; at < word.length; at += width) pieces.push(word.slice(at, at + width))
  return pieces.length === 0 ? [''] : pieces
}
