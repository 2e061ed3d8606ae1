import type { OutputStream } from '../world.ts'
import { createStyle, wantsColours, type Style } from './style.ts'
import { renderTable, type Column } from './table.ts'

/** How a command answers: for people, or with `--json` for programs. */
export interface Output {
  readonly isJson: boolean
  /** Whether a person sees standard output as it comes. */
  readonly isTerminal: boolean
  /** In columns; null when nothing has to fit. */
  readonly width: number | null
  readonly style: Style
  /** With `--json` the answer of the API as it is, on one line; else what `render` makes of it. */
  show(answer: unknown, render: () => string): void
  /** Text for people and pipes alike, as it is: whoever calls has made strangers' text harmless. */
  write(text: string): void
  /** One JSON document on one line. */
  json(document: unknown): void
  /** What is said beside the answer, on standard error. */
  note(text: string): void
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string
}

export interface OutputOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly json: boolean
  /** `--color`, `--no-color`; undefined: neither. */
  readonly colour: boolean | undefined
}

/** The output of one command. */
export function createOutput({ stdout, stderr, env, json, colour }: OutputOptions): Output {
  const style = createStyle(wantsColours(stdout, env, colour))
  const isTerminal = stdout.isTTY === true
  // Some terminals say that they have no columns at all.
  const width = isTerminal && (stdout.columns ?? 0) > 0 ? (stdout.columns ?? null) : null
  const printJson = (document: unknown): void => void stdout.write(`${JSON.stringify(document)}\n`)
  return {
    isJson: json,
    isTerminal,
    width,
    style,
    show: (answer, render) => (json ? printJson(answer) : void stdout.write(render())),
    write: (text) => void stdout.write(text),
    json: printJson,
    note: (text) => void stderr.write(`${text}\n`),
    table: (columns, rows) => renderTable(columns, rows, { width, bold: style.bold }),
  }
}
