import type { Static, TObject } from 'typebox'
import { Ajv, type ErrorObject } from 'ajv'
import addFormats from 'ajv-formats'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { closestName } from './closest-name.ts'
import { readVariable, type Environment } from './read-variable.ts'
import { declaredVariables, describeExpectation, isRequired, type VariableSchema } from './variable-schema.ts'

const OWN_PREFIX = 'SWITCHYARD_'

export interface LoadedConfig<Schema extends TObject> {
  readonly config: Readonly<Static<Schema>>
  /** Sentences about SWITCHYARD_ variables that nobody reads, for the log. */
  readonly warnings: readonly string[]
}

/**
 * Reads the variables that a schema declares (its keys are their names), coerces, validates and freezes them.
 * `knownElsewhere` names variables that other programs read in the same environment: they are no misspellings.
 * Throws ConfigError naming all bad variables together.
 */
export function loadConfig<Schema extends TObject>(
  schema: Schema,
  env: Environment,
  { knownElsewhere = [] }: { knownElsewhere?: readonly string[] } = {},
): LoadedConfig<Schema> {
  const problems: ConfigProblem[] = []
  const input: Record<string, string | string[]> = {}
  const broken = new Set<string>()
  for (const [name, variable] of declaredVariables(schema)) {
    const read = readVariable(name, variable, env)
    if ('problem' in read) {
      problems.push(read.problem)
      broken.add(name)
    } else if (read.value !== undefined) {
      input[name] = read.value
    }
  }

  const values = structuredClone(input) as Record<string, unknown>
  problems.push(...validate(schema, values, input, broken))
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    config: freeze(values) as Readonly<Static<Schema>>,
    warnings: unknownVariables(env, [...Object.keys(schema.properties), ...knownElsewhere]),
  }
}

/** Coerces `values` in place and says what is wrong with them; `input` keeps what was really set. */
function validate(
  schema: TObject,
  values: Record<string, unknown>,
  input: Record<string, string | string[]>,
  broken: ReadonlySet<string>,
): ConfigProblem[] {
  const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: true })
  ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' })
  addFormats.default(ajv)
  const check = ajv.compile(schema)
  if (check(values)) return []
  const names = new Set((check.errors ?? []).map(variableOf).filter((name) => !broken.has(name)))
  const variables = new Map(declaredVariables(schema))
  return [...names].map((name) => ({
    variable: name,
    message: complaint(schema, name, variables.get(name), input[name]),
  }))
}

function variableOf(error: ErrorObject): string {
  if (error.keyword === 'required') return (error.params as { missingProperty: string }).missingProperty
  return error.instancePath.split('/')[1] ?? ''
}

function complaint(
  schema: TObject,
  name: string,
  variable: VariableSchema | undefined,
  value: string | string[] | undefined,
): string {
  if (variable === undefined) return 'cannot be used'
  const expected = describeExpectation(variable)
  const purpose = variable.description === undefined ? '' : ` (${variable.description})`
  if (value === undefined) {
    return `${isRequired(schema, name) ? 'required' : 'unusable default'}, expected ${expected}${purpose}`
  }
  const text = Array.isArray(value) ? value.join(',') : value
  const came =
    variable.secret === true ? `${text.length} characters that are not shown` : JSON.stringify(text)
  return `expected ${expected}, got ${came}`
}

function unknownVariables(env: Environment, known: readonly string[]): string[] {
  const names = new Set(known.flatMap((name) => [name, `${name}_FILE`]))
  return Object.keys(env)
    .filter((name) => name.startsWith(OWN_PREFIX) && !names.has(name))
    .map((name) => {
      const guess = closestName(name, names)
      return `${name} is not a variable that is read here${guess === undefined ? '' : `: did you mean ${guess}?`}`
    })
}

function freeze(values: Record<string, unknown>): Record<string, unknown> {
  for (const value of Object.values(values)) Object.freeze(value)
  return Object.freeze(values)
}
