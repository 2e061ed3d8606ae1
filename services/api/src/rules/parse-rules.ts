import { LineCounter, parseDocument } from 'yaml'
import { parseRule } from './parse-rule.ts'
import type { RuleProblem } from './rule-problem.ts'
import type { Rule } from './rule.ts'
import { readItems, readMapping, reportAt, reportExpected, type YamlReading } from './yaml-reading.ts'

export type ParsedRules =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] }

/** Reads the text of a rules file (docs/rules.md). All mistakes are reported together, each with its line. */
export function parseRules(text: string): ParsedRules {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const reading: YamlReading = { document, lines, problems: [] }
  for (const error of [...document.errors, ...document.warnings]) {
    reportAt(reading, error.pos[0], `not valid YAML: ${error.message}`)
  }
  // The parts of a broken document that could be read would only produce mistakes that are not there.
  const rules = reading.problems.length === 0 ? readRules(reading) : []
  return reading.problems.length === 0 ? { ok: true, rules } : { ok: false, problems: reading.problems }
}

function readRules(reading: YamlReading): Rule[] {
  const root = { node: reading.document.contents, offset: 0, path: '' }
  const members = readMapping(reading, root, ['rules'])
  if (members === null) return []
  const list = members.get('rules')
  if (list === undefined) {
    reportExpected(reading, { ...root, path: 'rules', node: null }, 'a list of rules')
    return []
  }
  const items = readItems(reading, list, 'a list of rules') ?? []
  const rules = items.map((item) => ({ item, rule: parseRule(reading, item) }))
  const firstOfName = new Map<string, number>()
  for (const { item, rule } of rules) {
    if (rule === null) continue
    const line = reading.lines.linePos(item.offset).line
    const earlier = firstOfName.get(rule.name)
    if (earlier === undefined) firstOfName.set(rule.name, line)
    else
      reportAt(
        reading,
        item.offset,
        `${item.path}: the name “${rule.name}” is taken by the rule in line ${earlier}`,
      )
  }
  return rules.map(({ rule }) => rule).filter((rule) => rule !== null)
}
