import { terminalLine } from './terminal-text.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Colours the cell; the text has its final width. */
  readonly style?: (text: string, row: Row) => string
  /** The one column that gives way when the terminal is too narrow. */
  readonly flexible?: boolean
  /** Left out when the terminal is too narrow for all, the highest number first. */
  readonly spare?: number
  readonly align?: 'right'
}

const GAP = '  '
const NARROWEST = 12

/** A table in plain text: a line for each row, columns as wide as what is in them, cut to `width` columns when that is given. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, bold }: { readonly width: number | null; readonly bold: (text: string) => string },
): string {
  const cells = rows.map((row) => columns.map((column) => terminalLine(column.value(row))))
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  )
  const spare = width !== null && narrowest(columns, widths) > width ? mostSpare(columns) : undefined
  if (spare !== undefined)
    return renderTable(
      columns.filter((column) => column !== spare),
      rows,
      { width, bold },
    )
  if (width !== null) giveWay(columns, widths, width)
  const isLast = (index: number): boolean => index === columns.length - 1
  const lineOf = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const { align } = columns[index] ?? {}
        const wide = widths[index] ?? 0
        return paint(isLast(index) && align !== 'right' ? cut(text, wide) : fit(text, wide, align), index)
      })
      .join(GAP)
      .trimEnd()
  const head = lineOf(
    columns.map(({ title }) => title),
    bold,
  )
  const body = rows.map((row, at) =>
    lineOf(cells[at] ?? [], (text, index) => columns[index]?.style?.(text, row) ?? text),
  )
  return [head, ...body].map((line) => `${line}\n`).join('')
}

function giveWay<Row>(columns: readonly Column<Row>[], widths: number[], width: number): void {
  const flexible = columns.findIndex((column) => column.flexible === true)
  if (flexible === -1) return
  const total = totalWidth(widths)
  const now = widths[flexible] ?? 0
  if (total > width) widths[flexible] = Math.min(now, Math.max(NARROWEST, now - (total - width)))
}

/** What the table takes when the flexible column is as narrow as it may be. */
function narrowest<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number {
  return totalWidth(
    widths.map((width, index) => (columns[index]?.flexible === true ? Math.min(width, NARROWEST) : width)),
  )
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1)
}

function mostSpare<Row>(columns: readonly Column<Row>[]): Column<Row> | undefined {
  return columns
    .filter(({ spare }) => spare !== undefined)
    .reduce<Column<Row> | undefined>(
      (most, column) => ((column.spare ?? 0) > (most?.spare ?? 0) ? column : most),
      undefined,
    )
}

function fit(text: string, width: number, align: 'right' | undefined): string {
  const short = cut(text, width)
  const padding = ' '.repeat(Math.max(0, width - displayWidth(short)))
  return align === 'right' ? padding + short : short + padding
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  for (const { segment } of GRAPHEMES.segment(text)) {
    if (displayWidth(kept + segment) > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** East Asian wide and full-width letters, and emoji: two columns each (Unicode Standard Annex 11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** How many columns a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of GRAPHEMES.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}
