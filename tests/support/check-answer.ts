import { PROBLEMS, problemsOf, ROUTES } from '@switchyard/contract'
import type { ProblemCode, ProblemKind, Route } from '@switchyard/contract'

interface CheckedAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

const MATCHERS = Object.values<Route>(ROUTES).map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

/** The route that a request is for. A path without parameters goes before one with them. */
export function routeOf(method: string, path: string): Route | null {
  const pathname = path.split('?')[0] ?? ''
  const fitting = MATCHERS.filter(
    ({ route, pattern }) => route.method === method.toLowerCase() && pattern.test(pathname),
  )
  const exact = fitting.find(({ route }) => route.path === pathname)
  return (exact ?? fitting[0])?.route ?? null
}

/** Throws unless the answer is one that the contract promises for the request. */
export function checkAnswer(method: string, path: string, answer: CheckedAnswer): void {
  const route = routeOf(method, path)
  const isPromised = route !== null && answer.status in route.answers
  if (isPromised || (route === null && answer.status < 400)) return
  const { code, status, title, detail, next, type } = answer.body
  const isKnown = typeof code === 'string' && code in PROBLEMS
  const documented: readonly ProblemCode[] =
    route === null
      ? ['route_not_found', 'method_not_allowed', 'payload_too_large', 'malformed_json']
      : problemsOf(route)
  const faults = [
    ...(isKnown ? [] : ['its code is not in the catalogue']),
    ...(isKnown && documented.includes(code as ProblemCode) ? [] : ['the route does not document its code']),
    ...(isKnown && PROBLEMS[code as ProblemCode].status === answer.status
      ? []
      : ['its code has another status']),
    ...(status === answer.status ? [] : ['its body has another status']),
    ...(isKnown && title === PROBLEMS[code as ProblemCode].title ? [] : ['its title is another one']),
    ...(isKnown && next === PROBLEMS[code as ProblemCode].next ? [] : ['its next call is another one']),
    ...(isKnown && saysAll(PROBLEMS[code as ProblemCode], String(detail))
      ? []
      : ['its detail does not say what happened, what is true now, and the next call']),
    ...(type === `urn:switchyard:problem:${String(code)}` ? [] : ['its type does not name the code']),
    ...(answer.body['request_id'] === answer.headers.get('x-request-id')
      ? []
      : ['its request_id is another one']),
    ...(/^application\/problem\+json/.test(answer.headers.get('content-type') ?? '')
      ? []
      : ['its type is wrong']),
  ]
  if (faults.length > 0)
    throw new Error(`${method} ${path} answered ${answer.status}: ${faults.join(', ')}: ${answer.text}`)
}

/** Sentences of the case, then those of the catalogue. */
function saysAll({ now, next }: ProblemKind, detail: string): boolean {
  const known = ` ${now} ${next}`
  return detail.endsWith(known) && /\S.*[.!?]$/s.test(detail.slice(0, -known.length))
}
