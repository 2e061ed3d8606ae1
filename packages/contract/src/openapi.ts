import type Type from 'typebox'
import { ProblemBody, PROBLEMS } from './problems.ts'
import type { ProblemCode } from './problems.ts'
import { MOST_BODY_BYTES, MOST_LEVELS } from './route.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'
import * as agent from './schemas/agent.ts'
import * as claim from './schemas/claim.ts'
import * as explanation from './schemas/explanation.ts'
import * as host from './schemas/host.ts'
import * as reads from './schemas/reads.ts'
import * as task from './schemas/task.ts'

type Json = Record<string, unknown>

/** Every operation with a body or query can meet these, every one with roles the second two. */
const COMMON_PROBLEMS = {
  input: ['malformed_json', 'invalid_request', 'payload_too_large', 'unsupported_media_type'],
  roles: ['unauthenticated', 'forbidden'],
  always: ['database_unavailable', 'internal_error'],
} as const satisfies Record<string, readonly ProblemCode[]>

const NAMED_SCHEMAS = new Map<unknown, string>(
  Object.entries({ ...task, ...claim, ...agent, ...host, ...reads, ...explanation, Problem: ProblemBody })
    .filter(([, schema]) => (schema as { type?: unknown }).type === 'object')
    .map(([name, schema]) => [schema, name]),
)

/** The OpenAPI 3.1 document, from the same schemas that validate requests (https://spec.openapis.org/oas/v3.1.1). */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of Object.values<Route>(ROUTES)) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Switchyard',
      version,
      description:
        'One queue between a Forgejo or Gitea forge and coding agents. Errors are RFC 9457 problem documents: `code` is stable, `detail` says what to do next. ' +
        `A body of JSON has at most ${MOST_BODY_BYTES} bytes, and lists and objects in it are nested at most ${MOST_LEVELS} levels deep.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(Object.values<Route>(ROUTES).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(
        [...NAMED_SCHEMAS].map(([schema, name]) => [name, withReferences(schema, true)]),
      ),
    },
  }
}

function operation(route: Route): Json {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, rolesText(route)].filter((part) => part !== undefined).join('\n\n'),
    ...(route.roles.length === 0 ? { security: [] } : {}),
    parameters: [
      ...parameters(route.params, 'path'),
      ...parameters(route.query, 'query'),
      ...parameters(route.headers, 'header'),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: { 'application/json': { schema: withReferences(route.body) } },
          },
        }),
    responses: { ...answers(route), ...problemAnswers(route) },
  }
}

function rolesText(route: Route): string {
  return route.roles.length === 0 ? 'No token is needed.' : `For the roles: ${route.roles.join(', ')}.`
}

function parameters(schema: Type.TSchema | undefined, place: 'path' | 'query' | 'header'): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(property['description'] === undefined ? {} : { description: property['description'] }),
    schema: withReferences(property),
  }))
}

function answers(route: Route): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [
      status,
      {
        description: answer.description,
        ...(answer.headers === undefined
          ? {}
          : {
              headers: Object.fromEntries(
                Object.entries(answer.headers).map(([name, description]) => [
                  name,
                  { description, schema: { type: 'string' } },
                ]),
              ),
            }),
        ...(answer.schema === null
          ? {}
          : {
              content: {
                [answer.contentType ?? 'application/json']: { schema: withReferences(answer.schema) },
              },
            }),
      },
    ]),
  )
}

/** The problems that a route can answer with. */
export function problemsOf(route: Route): ProblemCode[] {
  const takesInput = route.body !== undefined || route.query !== undefined || route.params !== undefined
  const isOperation = route.tag === 'Operations'
  return [
    ...new Set<ProblemCode>([
      ...(route.body !== undefined
        ? COMMON_PROBLEMS.input
        : takesInput
          ? (['invalid_request'] as const)
          : []),
      ...(route.tag === 'Webhooks' ? (['payload_too_large'] as const) : []),
      ...(route.roles.length > 0 ? COMMON_PROBLEMS.roles : []),
      ...route.problems,
      ...(isOperation ? [] : COMMON_PROBLEMS.always),
    ]),
  ]
}

function problemAnswers(route: Route): Json {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of problemsOf(route)) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in route.answers))
      .map(([status, codes]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
          content: { 'application/problem+json': { schema: withReferences(ProblemBody) } },
        },
      ]),
  )
}

/** The same schema with a `$ref` wherever a named schema stands inside it. */
function withReferences(schema: unknown, isDefinition = false): unknown {
  const name = NAMED_SCHEMAS.get(schema)
  if (name !== undefined && !isDefinition) return { $ref: `#/components/schemas/${name}` }
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withReferences(value)]))
}
