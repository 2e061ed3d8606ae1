import type { TObject } from 'typebox'
import { declaredVariables, describeExpectation, isRequired, type VariableSchema } from './variable-schema.ts'

/** A schema's variables as a Markdown table, for the generated configuration page. */
export function renderConfigTable(schema: TObject): string {
  const rows = declaredVariables(schema).map(([name, variable]) => [
    `\`${name}\``,
    renderDefault(variable, isRequired(schema, name)),
    describeExpectation(variable),
    `${variable.description ?? ''}${variable.secret === true ? ' Secret: never logged.' : ''}`.trim(),
  ])
  return [['Variable', 'Default', 'Expects', 'Meaning'], ['---', '---', '---', '---'], ...rows]
    .map(
      (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
    )
    .join('\n')
}

function renderDefault(variable: VariableSchema, required: boolean): string {
  if (required) return '**required**'
  if (variable.default === undefined) return 'none'
  const value = Array.isArray(variable.default) ? variable.default.join(',') : variable.default
  if (value === '') return 'none'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
