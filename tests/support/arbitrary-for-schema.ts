import fc from 'fast-check'

/** The part of JSON Schema that the contract uses. */
export interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
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
  1,
  0.5,
  4,
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
  '2030-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2030-02-29T00:00:00Z',
  '2030-01-01t00:00:00+05',
  'now',
]

const oddText = fc.oneof(fc.constantFrom(...ODD_TEXT), fc.string({ unit: 'binary', maxLength: 40 }))
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
  oddText,
  fc.constantFrom<unknown>(...ODD_NUMBERS),
)

/** Values that mostly fit the schema, and now and then do not. `ids` are values that mean something to the system. */
export function arbitraryFor(schema: JsonSchema, ids: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 40, arbitrary: fitting(schema, ids) }, { weight: 1, arbitrary: anything })
}

function fitting(schema: JsonSchema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((branch) => arbitraryFor(branch, ids)))
  switch (schema.type) {
    case 'object':
      return objectFor(schema, ids)
    case 'array':
      return fc.array(arbitraryFor(schema.items ?? {}, ids), { maxLength: 4 })
    case 'string':
      return textFor(schema, ids)
    case 'integer':
      return fc.oneof(
        often(fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 200, 200) })),
        fc.constantFrom(...ODD_NUMBERS),
      )
    case 'number':
      return fc.oneof(often(fc.double({ min: 0, max: 60, noNaN: true })), fc.constantFrom(...ODD_NUMBERS))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case undefined:
    default:
      return anything
  }
}

function objectFor(schema: JsonSchema, ids: readonly string[]): fc.Arbitrary<unknown> {
  const known = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, arbitraryFor(property, ids)] as const,
  )
  const requiredKeys = (schema.required ?? []).filter((name) => name in (schema.properties ?? {}))
  const record = fc.record(Object.fromEntries(known), { requiredKeys })
  const extra = fc.oneof(
    { weight: 20, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(oddText, anything, { maxKeys: 2 }) },
  )
  return fc.tuple(record, extra).map(([object, more]) => ({ ...object, ...more }))
}

function textFor({ format, pattern }: JsonSchema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (format === 'uuid') return fc.oneof(often(fc.constantFrom(...ids)), fc.uuid(), oddText)
  if (format === 'date-time') {
    const usual = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    return fc.oneof(often(usual), fc.constantFrom(...ODD_INSTANTS))
  }
  const key = 'SHA256:'.padEnd(50, 'A')
  if (pattern?.startsWith('^SHA256') === true) return fc.oneof(often(fc.constant(key)), oddText)
  return fc.oneof(often(fc.constantFrom(...ids, 'agent', 'linux', 'pending', 'ssh_cli')), oddText)
}

function often<T>(arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight: 15, arbitrary }
}
