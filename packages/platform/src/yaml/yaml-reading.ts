import { closestName } from '../config/closest-name.ts'
import { isAlias, isMap, isScalar, isSeq, Scalar, type Document, type LineCounter, type Node } from 'yaml'
import type { FileProblem } from './file-problem.ts'

/** A YAML document being read, and the mistakes found so far. Reading goes on after a mistake, so that all are named. */
export interface YamlReading {
  readonly document: Document
  readonly lines: LineCounter
  readonly problems: FileProblem[]
}

/** A value in the document: where it stands, and how messages call it (`rules[0].task.title`). */
export interface YamlValue {
  readonly node: Node | null
  readonly offset: number
  readonly path: string
}

export function reportAt(reading: YamlReading, offset: number, message: string): void {
  const { line, col } = reading.lines.linePos(offset)
  reading.problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), message })
}

/** Reports that something else was expected. */
export function reportExpected(reading: YamlReading, value: YamlValue, expected: string): null {
  reportAt(
    reading,
    value.offset,
    `${value.path === '' ? 'the file' : value.path}: expected ${expected}, got ${describe(value.node)}`,
  )
  return null
}

/** Reports a word that is not one of the known ones. */
export function reportUnknown(
  reading: YamlReading,
  where: { readonly offset: number; readonly path: string },
  what: {
    readonly kind: string
    readonly word: string
    readonly known: readonly string[]
    readonly meant?: string
  },
): null {
  const meant = what.meant ?? closestName(what.word, what.known)
  const hint =
    meant === undefined ? `; expected one of ${what.known.join(', ')}` : `; did you mean “${meant}”?`
  const prefix = where.path === '' ? '' : `${where.path}: `
  reportAt(reading, where.offset, `${prefix}unknown ${what.kind} “${what.word}”${hint}`)
  return null
}

/** The members of a mapping by key. Anything but a mapping, and any key that is not known, is reported. */
export function readMapping(
  reading: YamlReading,
  value: YamlValue,
  known: readonly string[],
): ReadonlyMap<string, YamlValue> | null {
  if (!isMap(value.node)) return reportExpected(reading, value, `a mapping with the keys ${known.join(', ')}`)
  const members = new Map<string, YamlValue>()
  for (const pair of value.node.items) {
    const keyNode = resolve(reading, pair.key)
    const key = isScalar(keyNode) ? String(keyNode.value) : ''
    const keyOffset = keyNode?.range?.[0] ?? value.offset
    if (!known.includes(key)) {
      reportUnknown(reading, { offset: keyOffset, path: value.path }, { kind: 'key', word: key, known })
      continue
    }
    const path = value.path === '' ? key : `${value.path}.${key}`
    members.set(key, valueAt(reading, pair.value, keyOffset, path))
  }
  return members
}

/** The members of a mapping with keys of the author's own choice, in order. Anything but a mapping is reported. */
export function readEntries(
  reading: YamlReading,
  value: YamlValue,
  expected: string,
): readonly { readonly key: string; readonly at: YamlValue; readonly value: YamlValue }[] | null {
  if (!isMap(value.node)) return reportExpected(reading, value, expected)
  return value.node.items.map((pair) => {
    const at = valueAt(reading, pair.key, value.offset, value.path)
    const key = isScalar(at.node) ? String(at.node.value) : ''
    return { key, at, value: valueAt(reading, pair.value, at.offset, `${value.path}.${key}`) }
  })
}

/** The items of a list; anything else is reported. */
export function readItems(
  reading: YamlReading,
  value: YamlValue,
  expected: string,
): readonly YamlValue[] | null {
  if (!isSeq(value.node)) return reportExpected(reading, value, expected)
  return value.node.items.map((item, index) =>
    valueAt(reading, item, value.offset, `${value.path}[${index}]`),
  )
}

/** Text that is not blank, as it stands; anything else is reported. */
export function readText(reading: YamlReading, value: YamlValue, expected: string): string | null {
  const text = isScalar(value.node) ? value.node.value : null
  return typeof text === 'string' && text.trim() !== '' ? text : reportExpected(reading, value, expected)
}

/** Text as it stands, even when it is blank; anything else is reported. */
export function readRawText(reading: YamlReading, value: YamlValue, expected: string): string | null {
  const text = isScalar(value.node) ? value.node.value : null
  return typeof text === 'string' ? text : reportExpected(reading, value, expected)
}

/** True or false; anything else is reported. */
export function readFlag(reading: YamlReading, value: YamlValue): boolean | null {
  const flag = isScalar(value.node) ? value.node.value : null
  return typeof flag === 'boolean' ? flag : reportExpected(reading, value, 'true or false')
}

/** True when nothing, or an explicit null, stands there. */
export function isNothing(value: YamlValue): boolean {
  return value.node === null || (isScalar(value.node) && value.node.value === null)
}

/** A list of texts, or one text alone. */
export function readTexts(
  reading: YamlReading,
  value: YamlValue,
  expected: string,
): readonly { readonly text: string; readonly at: YamlValue }[] {
  const items = isScalar(value.node) ? [value] : readItems(reading, value, `a list: ${expected}`)
  return (items ?? [])
    .map((at) => ({ at, text: readText(reading, at, expected) }))
    .filter((item): item is { at: YamlValue; text: string } => item.text !== null)
}

/** A whole number within bounds. */
export function readWholeNumber(
  reading: YamlReading,
  value: YamlValue,
  from: number,
  to: number,
): number | null {
  const number = isScalar(value.node) ? value.node.value : null
  return typeof number === 'number' && Number.isInteger(number) && number >= from && number <= to
    ? number
    : reportExpected(reading, value, `a whole number from ${from} to ${to}`)
}

/** The offset in the file of an offset in a text: exact to the line in literal blocks (`|`), else the text's beginning. */
export function offsetInText(reading: YamlReading, value: YamlValue, offset: number): number {
  const { node } = value
  if (!isScalar(node) || node.type !== Scalar.BLOCK_LITERAL || typeof node.value !== 'string')
    return value.offset
  const line = reading.lines.linePos(value.offset).line + node.value.slice(0, offset).split('\n').length
  return reading.lines.lineStarts[line - 1] ?? value.offset
}

function valueAt(reading: YamlReading, node: unknown, fallback: number, path: string): YamlValue {
  const resolved = resolve(reading, node)
  const offset = (isNodeWithRange(node) ? node.range[0] : resolved?.range?.[0]) ?? fallback
  return { node: resolved, offset, path }
}

function isNodeWithRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}

function resolve(reading: YamlReading, node: unknown): Node | null {
  if (isAlias(node)) return node.resolve(reading.document) ?? null
  return isScalar(node) || isMap(node) || isSeq(node) ? node : null
}

function describe(node: Node | null): string {
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return node.items.length === 0 ? 'an empty list' : 'a list'
  const value = isScalar(node) ? node.value : null
  if (value === null) return 'nothing'
  if (typeof value === 'string')
    return value.trim() === '' ? 'an empty text' : `the text “${value.slice(0, 60)}”`
  if (typeof value === 'number') return `the number ${value} (put it in quotes to make it a text)`
  if (typeof value === 'boolean') return `${String(value)} (put it in quotes to make it a text)`
  return 'something else'
}
