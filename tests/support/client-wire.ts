import { format, resolveConfig } from 'prettier'
import { openApi } from '@switchyard/contract'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[]
  readonly requestBody?: Content & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const DOCUMENT = openApi('') as unknown as Document
const HEADER = '// Written by `npm run generate` from packages/contract. Do not edit.\n\n'

/** The client types these itself: what they take or answer is more than JSON. */
const TYPED_BY_HAND = new Set([
  'createTask',
  'dequeueTask',
  'getTaskLogs',
  'streamEvents',
  'receiveForgejoDelivery',
  'receiveGiteaDelivery',
])

/** The shapes of the contract as TypeScript that depends on nothing. */
export function clientTypes(): Promise<string> {
  const types = Object.entries(DOCUMENT.components.schemas).map(
    ([name, schema]) =>
      `${comment(schema.description)}${schema.type === 'object' ? `export interface ${name} ${typeOf(schema)}` : `export type ${name} = ${typeOf(schema)}`}`,
  )
  return typescript(types.join('\n\n'))
}

/** The operations of the contract: how each is called, for the compiler and for the client. */
export function clientOperations(): Promise<string> {
  const operations = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const methods = operations
    .filter(({ operation }) => !TYPED_BY_HAND.has(operation.operationId))
    .map(({ operation }) => signatureOf(operation))
  const descriptions = operations.map(
    ({ path, method, operation }) =>
      `${operation.operationId}: { method: '${method.toUpperCase()}', path: '${path}' },`,
  )
  const named = Object.keys(DOCUMENT.components.schemas).filter((name) =>
    methods.some((text) => new RegExp(`\\b${name}\\b`).test(text.replaceAll(/\/\*\*.*?\*\//gs, ''))),
  )
  return typescript(`
    import type { CallOptions } from '../call-options.ts'
    import type { ${named.join(', ')} } from './types.ts'

    /** The operations that take and answer JSON, or answer text; each takes its parameters and its body as one object. */
    export interface JsonOperations {
      ${methods.join('\n\n')}
    }

    /** Method and path of every operation of the API. */
    export const OPERATIONS = {
      ${descriptions.join('\n')}
    } as const`)
}

function signatureOf(operation: Operation): string {
  const inPath = operation.parameters.filter((parameter) => parameter.in !== 'header')
  const body = jsonOf(operation.requestBody)
  const parts = [
    ...(inPath.length === 0
      ? []
      : [
          `{ ${inPath
            .map(({ name, required, schema, ...parameter }) =>
              property(name, parameter.in === 'path' ? { type: 'string' } : schema, required),
            )
            .join('\n')} }`,
        ]),
    ...(body === undefined ? [] : [body]),
  ]
  const isOptional = inPath.every(({ required }) => !required) && operation.requestBody?.required !== true
  const input = parts.length === 0 ? 'Record<string, never>' : parts.join(' & ')
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1]
  const answer = jsonOf(success) ?? (success?.content === undefined ? 'void' : 'string')
  return `${comment(`${sentence(operation.summary)}\n${operation.description}`)}${operation.operationId}(input${isOptional ? '?' : ''}: ${input}, options?: CallOptions): Promise<${answer}>`
}

function jsonOf(content: Content | undefined): string | undefined {
  const schema = content?.content?.['application/json']?.schema
  return schema === undefined ? undefined : typeOf(schema)
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'unknown'
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `readonly (${typeOf(schema.items ?? {})})[]`
    case 'object':
      return objectType(schema)
    case undefined:
    default:
      return 'unknown'
  }
}

function objectType({
  properties = {},
  required = [],
  patternProperties,
  additionalProperties,
}: Schema): string {
  const [values] = Object.values(patternProperties ?? {})
  const members = [
    ...Object.entries(properties).map(([name, schema]) => property(name, schema, required.includes(name))),
    ...(values === undefined ? [] : [`[name: string]: ${typeOf(values)}`]),
    ...(additionalProperties === true ? ['[name: string]: unknown'] : []),
  ]
  return `{ ${members.join('\n')} }`
}

function property(name: string, schema: Schema, isRequired: boolean): string {
  const type = typeOf(schema)
  const described =
    schema.description ?? schema.anyOf?.find(({ description }) => description !== undefined)?.description
  return `${comment(described)}${name}${isRequired ? `: ${type}` : `?: ${type} | undefined`}`
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}

function comment(text: string | undefined): string {
  if (text === undefined) return ''
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.length === 1
    ? `/** ${lines.join('')} */\n`
    : `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`
}

async function typescript(text: string): Promise<string> {
  const config = await resolveConfig(new URL('../../package.json', import.meta.url))
  return format(HEADER + text, { ...config, parser: 'typescript' })
}
