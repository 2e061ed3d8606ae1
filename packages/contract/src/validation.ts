import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type Type from 'typebox'
import { holdsMoreThan } from './nesting.ts'

export interface InvalidPart {
  /** Where: `body.title`, `query.limit`, `params.task_id`. */
  readonly path: string
  /** What is wrong, and what was expected. */
  readonly message: string
}

export type Validated =
  { readonly ok: true } | { readonly ok: false; readonly errors: readonly InvalidPart[] }

/** Checks a value, fills in defaults; text from a URL is also turned into numbers and booleans. */
export type Validator = (value: unknown) => Validated

export type Part = 'body' | 'query' | 'params' | 'headers' | 'answer'

/** A value with more values in it is looked at only up to what is wrong first: naming a million faults takes a minute. */
const MOST_VALUES_LOOKED_AT = 1_000
const MOST_FAULTS_NAMED = 50

const forJson = { first: createAjv(false, false), all: createAjv(false, true) }
const forText = { first: createAjv(true, false), all: createAjv(true, true) }

function createAjv(coerceTypes: boolean, allErrors: boolean): Ajv {
  const ajv = new Ajv({
    strict: true,
    allErrors,
    useDefaults: true,
    coerceTypes,
    verbose: true,
    allowUnionTypes: true,
  })
  // The named export of a CommonJS module, as its own documentation imports it under nodenext.
  addFormats.default(ajv, ['date-time', 'uri'])
  // Of any version. That of ajv-formats lets `urn:uuid:` stand before it, which PostgreSQL does not.
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
  return ajv
}

/** Compiles a schema once; the validator names every error, not only the first, as long as value and answer stay small. */
export function compileValidator(schema: Type.TSchema, part: Part): Validator {
  const ajv = part === 'body' || part === 'answer' ? forJson : forText
  const validate: ValidateFunction = ajv.first.compile(schema)
  // What names every error is compiled with the first value that is wrong: most schemas never meet one.
  let explain: ValidateFunction | undefined
  return (value) => {
    if (validate(value)) return { ok: true }
    if (holdsMoreThan(MOST_VALUES_LOOKED_AT, value)) {
      const more = { path: part, message: 'is large: what else may be wrong in it is not named' }
      return { ok: false, errors: [...describe(validate.errors ?? [], part), more] }
    }
    explain ??= ajv.all.compile(schema)
    explain(value)
    return { ok: false, errors: shortened(describe(explain.errors ?? [], part), part) }
  }
}

function shortened(errors: readonly InvalidPart[], part: Part): readonly InvalidPart[] {
  const left = errors.length - MOST_FAULTS_NAMED
  if (left <= 0) return errors
  return [
    ...errors.slice(0, MOST_FAULTS_NAMED),
    { path: part, message: `has ${left} more ${left === 1 ? 'fault' : 'faults'}` },
  ]
}

function describe(errors: readonly ErrorObject[], part: Part): InvalidPart[] {
  const hidden = new Set(
    errors.filter(({ keyword }) => keyword === 'anyOf').flatMap((union) => sayingLittle(union, errors)),
  )
  const described = errors
    .filter((error) => !hidden.has(error))
    .map((error) => ({ path: pathOf(error, part), message: messageOf(error) }))
  return [...new Map(described.map((error) => [`${error.path} ${error.message}`, error])).values()]
}

/**
 * A union reports each of its branches and then itself. When the value has the type of one branch only, what is wrong with
 * it there is what a person wants to read; else that it is none of the alternatives.
 */
function sayingLittle(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[] {
  const ofBranches = errors.filter(({ schemaPath }) => schemaPath.startsWith(`${union.schemaPath}/`))
  const branchOf = ({ schemaPath }: ErrorObject): string =>
    schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? ''
  const otherTypes = ofBranches.filter(
    ({ keyword, instancePath }) => keyword === 'type' && instancePath === union.instancePath,
  )
  const unlike = new Set(otherTypes.map(branchOf))
  const alike = new Set(ofBranches.map(branchOf).filter((branch) => !unlike.has(branch)))
  if (alike.size !== 1) return ofBranches
  return [union, ...ofBranches.filter((error) => unlike.has(branchOf(error)))]
}

function pathOf(error: ErrorObject, part: Part): string {
  const params = error.params as { additionalProperty?: string; missingProperty?: string }
  const extra = params.additionalProperty ?? params.missingProperty
  const steps = error.instancePath.split('/').slice(1).map(unescape)
  return [part, ...steps, ...(extra === undefined ? [] : [extra])].join('.')
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function messageOf(error: ErrorObject): string {
  switch (error.keyword) {
    case 'additionalProperties':
      return `is not known here; known are: ${knownNames(error.parentSchema ?? {})}`
    case 'required':
      return 'is missing'
    case 'anyOf':
      return `must be ${alternatives(error.schema as readonly Record<string, unknown>[])}, not ${shown(error.data)}`
    case 'enum':
      return `must be one of ${(error.schema as readonly unknown[]).map((value) => JSON.stringify(value)).join(', ')}, not ${shown(error.data)}`
    case 'pattern':
      return `has an unexpected form (${shown(error.data)}); it must match ${String(error.schema)}`
    case 'format':
      return `must be a valid ${String(error.schema)}, not ${shown(error.data)}`
    case 'type':
      return `must be of type ${String(error.schema)}, not ${shown(error.data)}`
    case 'minLength':
    case 'minItems':
      if (error.schema === 1) return 'must not be empty'
      return fallback(error)
    default:
      return fallback(error)
  }
}

function fallback(error: ErrorObject): string {
  return `${error.message ?? 'is not valid'} (it is ${shown(error.data)})`
}

function knownNames(schema: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(schema['properties'] ?? {})
  const patterns = Object.keys(schema['patternProperties'] ?? {})
  return [...names, ...patterns.map((pattern) => `names that match ${pattern}`)].join(', ')
}

function alternatives(schemas: readonly Record<string, unknown>[]): string {
  const named = schemas.map((schema) =>
    'const' in schema
      ? JSON.stringify(schema['const'])
      : typeof schema['type'] === 'string'
        ? schema['type']
        : 'another form',
  )
  return `one of ${[...new Set(named)].join(', ')}`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) return 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
