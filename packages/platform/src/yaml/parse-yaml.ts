import { LineCounter, parseDocument } from 'yaml'
import type { FileProblem } from './file-problem.ts'
import { reportAt, type YamlReading, type YamlValue } from './yaml-reading.ts'

export type ParsedYaml<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly FileProblem[] }

/**
 * Parses a YAML file's text and has `read` make something of it, reporting what is wrong to the reading. All mistakes are
 * returned together, each with its line.
 */
export function parseYaml<T>(
  text: string,
  read: (reading: YamlReading, root: YamlValue) => T,
): ParsedYaml<T> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const reading: YamlReading = { document, lines, problems: [] }
  for (const error of [...document.errors, ...document.warnings]) {
    reportAt(reading, error.pos[0], `not valid YAML: ${error.message}`)
  }
  // The parts of a broken document that could be read would only produce mistakes that are not there.
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems }
  const value = read(reading, { node: document.contents, offset: 0, path: '' })
  return reading.problems.length === 0 ? { ok: true, value } : { ok: false, problems: reading.problems }
}
