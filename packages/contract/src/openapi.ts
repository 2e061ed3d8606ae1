import type Type from 'typebox'
import { curlLine } from './curl-line.ts'
import { responsesOf, SHARED_HEADERS, sharedResponses } from './openapi-answers.ts'
import { namedSchemas, withReferences } from './openapi-schemas.ts'
import type { Json } from './openapi-schemas.ts'
import { MOST_BODY_BYTES, MOST_LEVELS } from './route.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'

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
        'One queue between a Forgejo or Gitea forge and coding agents. Errors are RFC 9457 problem documents: `code` is stable, `detail` says what happened, what is true now, and the next call to make. ' +
        `A body of JSON has at most ${MOST_BODY_BYTES} bytes, and lists and objects in it are nested at most ${MOST_LEVELS} levels deep.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(Object.values<Route>(ROUTES).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      headers: SHARED_HEADERS,
      responses: sharedResponses(Object.values<Route>(ROUTES)),
      schemas: namedSchemas(),
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
    ...bodyOf(route),
    responses: responsesOf(route),
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source: curlLine(route) }],
  }
}

function bodyOf({ body, bodyOptional, rawBody }: Route): Json {
  if (body === undefined && rawBody === undefined) return {}
  const types = rawBody?.contentTypes ?? ['application/json']
  const schema = withReferences(body ?? rawBody?.schema)
  return {
    requestBody: {
      required: bodyOptional !== true,
      content: Object.fromEntries(types.map((type) => [type, { schema }])),
    },
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
