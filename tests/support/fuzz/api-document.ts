import type { JsonSchema } from '../arbitrary-for-schema.ts'

/** The part of an OpenAPI document that requests are made and answers are judged by. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>
}

interface DescribedOperation {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: {
    readonly required: boolean
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>
  }
  readonly responses: Readonly<Record<string, DescribedAnswer>>
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: JsonSchema
}

export interface DescribedAnswer {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}

/** One operation as the document has it, with nothing left to look up. */
export interface Operation extends DescribedOperation {
  readonly method: string
  readonly path: string
}

/** Every operation of a document. */
export function operationsOf(document: ApiDocument): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...(resolved(operation, document) as DescribedOperation),
      method: method.toUpperCase(),
      path,
    })),
  )
}

/** The same with what each reference names in its place. No schema of the document holds itself. */
function resolved(value: unknown, document: ApiDocument): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, document))
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value && typeof value.$ref === 'string') {
    const [kind = '', name = ''] = value.$ref.replace('#/components/', '').split('/')
    return resolved(document.components[kind]?.[name], document)
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, document)]))
}
