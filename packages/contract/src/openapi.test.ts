import { describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { openApi } from './openapi.ts'
import { problemsOf } from './openapi-answers.ts'
import { PROBLEMS } from './problems.ts'
import type { ProblemKind } from './problems.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[]
  readonly responses: Readonly<Record<string, unknown>>
  readonly summary: string
}

const document = JSON.parse(JSON.stringify(openApi('1.2.3'))) as {
  readonly openapi: string
  readonly info: unknown
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Every value under one of the keys, wherever it stands. */
function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value as Record<string, unknown>).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...valuesOf(inner, key),
  ])
}

describe('the OpenAPI document', () => {
  it('is 3.1, with a title and a version', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    expect(document.info).toMatchObject({ title: 'Switchyard', version: '1.2.3' })
  })

  it('has every route, each with an operationId of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect([...ids].sort()).toEqual(Object.keys(ROUTES).sort())
    expect(new Set(ids).size).toBe(ids.length)
    for (const [name, route] of Object.entries<Route>(ROUTES)) expect(route.operationId).toBe(name)
  })

  it('resolves every reference', () => {
    const references = valuesOf(document, '$ref') as string[]
    expect(references.length).toBeGreaterThan(20)
    for (const reference of references) {
      const [kind = '', name = ''] = reference.replace('#/components/', '').split('/')
      const components = document.components as Readonly<Record<string, Readonly<Record<string, object>>>>
      expect(Object.keys(components[kind] ?? {})).toContain(name)
    }
  })

  it.each(operations)('$method $path declares its parameters and its tag', ({ path, operation }) => {
    const declared = operation.parameters
      .filter((parameter) => parameter.in === 'path')
      .map(({ name }) => name)
    expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
    const names = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(document.tags.map(({ name }) => name)).toEqual(
      expect.arrayContaining((operation as unknown as { tags: string[] }).tags),
    )
    expect(operation.summary).not.toBe('')
    for (const status of Object.keys(operation.responses)) expect(status).toMatch(/^[2-5]\d\d$/)
  })

  it('has schemas that compile as JSON Schema 2020-12, and examples that fit them', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
    addFormats.default(ajv)
    ajv.addKeyword({ keyword: 'components' })
    ajv.addSchema({ $id: 'document', components: document.components })
    const schemas = [
      ...Object.keys(document.components.schemas).map((name) => ({ $ref: `#/components/schemas/${name}` })),
      ...(valuesOf(document.paths, 'schema') as object[]),
    ]
    for (const schema of schemas) {
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object
      expect(() => ajv.compile(absolute)).not.toThrow()
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const { examples = [] } = schema as { examples?: unknown[] }
      const validate = ajv.compile({ $ref: `document#/components/schemas/${name}` })
      for (const example of examples)
        expect([name, validate(example), validate.errors]).toEqual([name, true, null])
    }
  })
})

describe('the catalogue of problems', () => {
  const listed = new Set(Object.values<Route>(ROUTES).flatMap((route) => problemsOf(route)))
  /** No route lists these: they are answered where no route is. */
  const outside = ['route_not_found', 'method_not_allowed']

  it.each(Object.keys(PROBLEMS))('%s can be met', (code) => {
    expect(outside.includes(code) || listed.has(code as never)).toBe(true)
  })

  it.each(Object.entries(PROBLEMS))(
    '%s has a status, says what happened, what is true now, and the next call',
    (code, { status, title, now, next }) => {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      // Names of members say nothing to who reads only sentences.
      expect(now).toMatch(/^[A-Z][^`]*\.$/)
      expect(next).toMatch(/^[A-Z].*\.$/)
    },
  )

  it.each(Object.entries(PROBLEMS))('%s names calls that the contract has', (_, { now, next }) => {
    const known = Object.values<Route>(ROUTES).map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    const named = [...`${now} ${next}`.matchAll(/(?:GET|POST|PUT|PATCH|DELETE) [^\s?,;:)]*[^\s?,;:).]/g)]
    expect(named.map(([call]) => call).filter((call) => !known.includes(call))).toEqual([])
  })

  it('names a call of the API, or a change elsewhere, in every next step', () => {
    const silent = Object.entries<ProblemKind>(PROBLEMS)
      .filter(
        ([, { next }]) =>
          !/(?:GET|POST|PUT|PATCH|DELETE) \/|[Ss]end (?:the call|it)|[Mm]ake the call|SWITCHYARD_/.test(next),
      )
      .map(([code]) => code)
    expect(silent).toEqual(['forbidden'])
  })

  it('claims that nothing was changed only where the call was refused', () => {
    const unknown = Object.entries<ProblemKind>(PROBLEMS).filter(([, { status }]) => status >= 500)
    for (const [, { now }] of unknown) expect(now).not.toMatch(/nothing was/i)
  })
})
