import type { Style } from './style.ts'
import { terminalLine, terminalText } from './terminal-text.ts'

/** A name with its value. */
export interface Fact {
  readonly name: string
  /** Left out when it is null or empty. */
  readonly value: string | null
  readonly style?: (text: string) => string
}

/** Names and values in two columns, a line for each. */
export function listFacts(facts: readonly Fact[], style: Style): string {
  const present = facts.filter(({ value }) => value !== null && value !== '')
  const width = Math.max(...present.map(({ name }) => name.length))
  return present
    .map(({ name, value, style: paint = (text) => text }) => {
      return `  ${style.dim(name.padEnd(width))}  ${paint(terminalLine(value ?? ''))}\n`
    })
    .join('')
}

/** Text of several lines, each a little to the right. */
export function indented(text: string): string {
  return `${terminalText(text)
    .trimEnd()
    .replaceAll(/^(?=.)/gm, '  ')}\n`
}
