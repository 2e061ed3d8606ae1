import fc from 'fast-check'

/** The part of JSON Schema that the contract uses. */
export interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly anyOf?: readonly JsonSchema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
}

export interface Making {
  /** Values that mean something to the system, by the names of what they are for. */
  readonly known?: Readonly<Record<string, unknown>>
  /** Whether something that does not fit is mixed in now and then. */
  readonly odd: boolean
}

/** Text that databases, parsers and people trip over. */
const ODD_TEXT = [
  '',
  ' ',
  '\u0000',
  '\ud83d',
  '\ude86',
  '🚆',
  '%',
  "'; drop table tasks; --",
  '__proto__',
  'null',
  '\r\n',
  '${x}',
  'x'.repeat(5_000),
]
const ODD_NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  1e300,
  -1e300,
  5e-324,
]
const ODD_INSTANTS = [
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '9999-12-31T23:59:60Z',
  '2030-02-29T00:00:00Z',
  '2030-01-01t00:00:00+05',
  'now',
]

/** Text that few expect. */
export const oddText = fc.oneof(fc.constantFrom(...ODD_TEXT), fc.string({ unit: 'binary', maxLength: 40 }))
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
  oddText,
  fc.constantFrom<unknown>(...ODD_NUMBERS),
)

/** Values that fit the schema; with `odd` now and then one, anywhere in it, that does not. */
export function arbitraryFor(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  return orOdd(30, fitting(schema, making), anything, making)
}

function orOdd<T>(
  weight: number,
  usual: fc.Arbitrary<T>,
  odd: fc.Arbitrary<T>,
  { odd: isOdd }: Making,
): fc.Arbitrary<T> {
  return isOdd ? fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd }) : usual
}

function fitting(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((branch) => arbitraryFor(branch, making)))
  switch (schema.type) {
    case 'object':
      return objectFor(schema, making)
    case 'array': {
      const { minItems = 0, maxItems = 4, items = {} } = schema
      return fc.array(arbitraryFor(items, making), {
        minLength: minItems,
        maxLength: Math.min(maxItems, minItems + 3),
      })
    }
    case 'string':
      return orOdd(15, textFor(schema), oddText, making)
    case 'integer': {
      const { minimum: min = -1_000, maximum: max = Number.MAX_SAFE_INTEGER } = schema
      const usual = fc.oneof(fc.integer({ min, max: Math.min(max, min + 200) }), fc.constantFrom(min, max))
      return orOdd(15, usual, fc.constantFrom(...ODD_NUMBERS, min - 1, max + 1), making)
    }
    case 'number': {
      const { minimum: min = -60, maximum: max = 60 } = schema
      return orOdd(15, fc.double({ min, max, noNaN: true }), fc.constantFrom(...ODD_NUMBERS), making)
    }
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case undefined:
    default:
      return anything
  }
}

function objectFor(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {})
  const members = Object.fromEntries(
    properties.map(([name, property]) => [name, memberFor(name, property, making)]),
  )
  const requiredKeys = (schema.required ?? []).filter((name) => name in members)
  const whole = orOdd(
    15,
    fc.record(members, { requiredKeys }),
    fc.record(members, { requiredKeys: [] }),
    making,
  )
  const patterned = Object.entries(schema.patternProperties ?? {}).map(([pattern, value]) =>
    fc.dictionary(textMatching(pattern), arbitraryFor(value, making), { maxKeys: 3, noNullPrototype: true }),
  )
  const strangers = fc.dictionary(oddText, anything, { maxKeys: 2, noNullPrototype: true })
  const free = schema.additionalProperties === true ? [strangers] : []
  const extra = orOdd(20, fc.constant({}), strangers, making)
  return fc
    .tuple(whole, extra, ...patterned, ...free)
    .map((parts): Record<string, unknown> => Object.assign({}, ...parts.reverse()) as Record<string, unknown>)
}

/** A value for a named place: mostly the one that means something there. */
export function memberFor(name: string, schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const { known = {} } = making
  const usual = arbitraryFor(schema, making)
  if (!Object.hasOwn(known, name) || schema.enum !== undefined) return usual
  return fc.oneof({ weight: 12, arbitrary: fc.constant(known[name]) }, { weight: 1, arbitrary: usual })
}

function textFor({ format, pattern, minLength = 0, maxLength = 60 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid()
  if (format === 'date-time') {
    const [min, max] = [new Date('2000-01-01'), new Date('2100-01-01')]
    return fc.oneof(
      fc.date({ min, max, noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom(...ODD_INSTANTS.slice(0, 3)),
    )
  }
  const most = Math.min(maxLength, minLength + 60)
  const fits = (text: string): boolean => {
    const { length } = Array.from(text)
    return length >= minLength && length <= maxLength
  }
  if (pattern === undefined || pattern.startsWith('^[^\\u0000'))
    return fc.string({ unit: 'grapheme', minLength, maxLength: most }).filter(fits)
  return textMatching(pattern).filter(fits)
}

const matching = new Map<string, fc.Arbitrary<string>>()

/** Made once for each pattern: making it takes longer than using it. */
function textMatching(pattern: string): fc.Arbitrary<string> {
  // Half of a surrogate pair in a class says what is not to come; the generator has no such thing anyway, nor what may not follow.
  const simple = new RegExp(pattern.replaceAll(/\\u0000|\\ud800-\\udfff|\(\?![^)]*\)/g, ''))
  const made =
    matching.get(pattern) ??
    fc.stringMatching(simple, { size: 'small' }).filter((text) => new RegExp(pattern, 'u').test(text))
  matching.set(pattern, made)
  return made
}
