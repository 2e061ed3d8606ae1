import { ProblemBody } from './problems.ts'
import * as agent from './schemas/agent.ts'
import * as claim from './schemas/claim.ts'
import * as explanation from './schemas/explanation.ts'
import * as host from './schemas/host.ts'
import * as reads from './schemas/reads.ts'
import * as task from './schemas/task.ts'

export type Json = Record<string, unknown>

const NAMED_SCHEMAS = new Map<unknown, string>(
  Object.entries({ ...task, ...claim, ...agent, ...host, ...reads, ...explanation, Problem: ProblemBody })
    .filter(([, schema]) => (schema as { type?: unknown }).type === 'object')
    .map(([name, schema]) => [schema, name]),
)

/** The schemas that have a name, for `components` of the document. */
export function namedSchemas(): Json {
  return Object.fromEntries([...NAMED_SCHEMAS].map(([schema, name]) => [name, withReferences(schema, true)]))
}

/** The same schema with a `$ref` wherever a named schema stands inside it. */
export function withReferences(schema: unknown, isDefinition = false): unknown {
  const name = NAMED_SCHEMAS.get(schema)
  if (name !== undefined && !isDefinition) return { $ref: `#/components/schemas/${name}` }
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withReferences(value)]))
}
