import { withReferences } from './openapi-schemas.ts'
import type { Json } from './openapi-schemas.ts'
import { ProblemBody, PROBLEMS } from './problems.ts'
import type { ProblemCode } from './problems.ts'
import type { Answer, Route } from './route.ts'

/** Every operation with a body or query can meet these, every one with roles the second two. */
const COMMON_PROBLEMS = {
  input: ['malformed_json', 'invalid_request', 'payload_too_large', 'unsupported_media_type'],
  roles: ['unauthenticated', 'forbidden'],
  always: ['database_unavailable', 'internal_error'],
} as const satisfies Record<string, readonly ProblemCode[]>

/** Headers that stand on other answers than those of one route. */
export const SHARED_HEADERS = {
  RequestId: {
    description: 'The id under which the log has the request: its own `X-Request-Id`, or a new one.',
    schema: { type: 'string' },
    required: true,
  },
  Challenge: { description: 'How to authenticate: `Bearer`.', schema: { type: 'string' }, required: true },
  RetryAfter: {
    description: 'Seconds after which to try again.',
    schema: { type: 'string' },
    required: true,
  },
}
const OF_PROBLEMS: Partial<Readonly<Record<ProblemCode, Json>>> = {
  unauthenticated: { 'WWW-Authenticate': { $ref: '#/components/headers/Challenge' } },
  database_unavailable: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
  dispatcher_unavailable: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
}
const OF_ALL: Json = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } }

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

/** Everything that an operation can answer, by status. */
export function responsesOf(route: Route): Json {
  const byStatus = problemsByStatus(route)
  const statuses = new Set([...Object.keys(route.answers).map(Number), ...byStatus.keys()])
  return Object.fromEntries(
    [...statuses].map((status) => {
      const codes = byStatus.get(status)
      const answer = route.answers[status]
      if (answer === undefined && codes !== undefined)
        return [status, { $ref: `#/components/responses/${nameOf(codes)}` }]
      return [status, responseOf(answer, codes)]
    }),
  )
}

/** The answers that are problems and nothing else: most operations share them. */
export function sharedResponses(routes: readonly Route[]): Json {
  const sets = routes.flatMap((route) =>
    [...problemsByStatus(route)].filter(([status]) => !(status in route.answers)),
  )
  return Object.fromEntries(sets.map(([, codes]) => [nameOf(codes), responseOf(undefined, codes)]))
}

function nameOf(codes: readonly ProblemCode[]): string {
  return codes.join('.')
}

function problemsByStatus(route: Route): Map<number, ProblemCode[]> {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of problemsOf(route)) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return byStatus
}

function responseOf(answer: Answer | undefined, codes: readonly ProblemCode[] | undefined): Json {
  const content = { ...contentOf(answer), ...problemContent(codes) }
  return {
    description: [
      ...(answer === undefined ? [] : [answer.description]),
      ...(codes ?? []).map((code) => problemText(code)),
    ]
      .join('')
      .trim(),
    headers: { ...OF_ALL, ...headersOf(answer), ...headersOfAll(codes) },
    ...(Object.keys(content).length === 0 ? {} : { content }),
  }
}

/** What happened, what is true now, and the next call. */
function problemText(code: ProblemCode): string {
  const { title, now, next } = PROBLEMS[code]
  return `\n\n\`${code}\`: ${title}. ${now} ${next}`
}

function headersOf({ headers = {}, otherContentType }: Answer = { description: '', schema: null }): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      // Those that say something about one form of the answer do not stand on the other.
      { description, schema: { type: 'string' }, required: otherContentType === undefined },
    ]),
  )
}

/** The headers that each of the problems has. */
function headersOfAll(codes: readonly ProblemCode[] = []): Json {
  const [first = {}, ...others] = codes.map((code) => OF_PROBLEMS[code] ?? {})
  return Object.fromEntries(
    Object.entries(first).filter(([name]) => others.every((headers) => name in headers)),
  )
}

function contentOf(answer: Answer | undefined): Json {
  if (answer === undefined || answer.schema === null) return {}
  const { schema, contentType = 'application/json', otherContentType } = answer
  const types = otherContentType === undefined ? [contentType] : [contentType, otherContentType]
  return Object.fromEntries(types.map((type) => [type, { schema: withReferences(schema) }]))
}

/** A problem whose code is one of these. */
function problemContent(codes: readonly ProblemCode[] | undefined): Json {
  if (codes === undefined) return {}
  const code = { type: 'object', properties: { code: { enum: codes } } }
  return { 'application/problem+json': { schema: { allOf: [withReferences(ProblemBody), code] } } }
}
