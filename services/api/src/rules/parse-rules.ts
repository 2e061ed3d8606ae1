import { parseYaml, readItems, readMapping, reportAt, reportExpected } from '@switchyard/platform'
import type { FileProblem, YamlReading, YamlValue } from '@switchyard/platform'
import { parseRule } from './parse-rule.ts'
import type { Rule } from './rule.ts'

export type ParsedRules =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] }

/** Reads the text of a rules file (docs/rules.md). All mistakes are reported together, each with its line. */
export function parseRules(text: string): ParsedRules {
  const parsed = parseYaml(text, readRules)
  return parsed.ok ? { ok: true, rules: parsed.value } : parsed
}

function readRules(reading: YamlReading, root: YamlValue): Rule[] {
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
