import { compileValidator, isDeeperThan, MOST_BODY_BYTES, MOST_LEVELS } from '@switchyard/contract'
import type { InvalidPart, Route, RouteInput, RouteReply, Validator } from '@switchyard/contract'
import express from 'express'
import type { Request, RequestHandler, Response, Router } from 'express'
import { requireRole } from '../authenticate.ts'
import type { Authenticate, Principal } from '../authenticate.ts'
import { Problem } from '../problem.ts'

const PARSE_JSON = express.json({ limit: MOST_BODY_BYTES })

/** What a handler gets besides the validated input. */
export interface Call {
  /** null on routes that anybody may call. */
  readonly principal: Principal | null
  readonly request: Request
  readonly response: Response
}

export interface Binding {
  readonly router: Router
  readonly authenticate: Authenticate
  /** Checks what handlers answer against the contract: on in tests, off in production. */
  readonly validateAnswers: boolean
}

type Handler<R extends Route, A extends RouteReply<R>> = (input: RouteInput<R>, call: Call) => Promise<A>
type StreamHandler<R extends Route> = (input: RouteInput<R>, call: Call) => Promise<void>

type CalledBy<P> = Call & { readonly principal: P }

/** Connects a route that has roles with its handler, which then knows who calls. */
export function bind<R extends Route, const A extends RouteReply<R>>(
  binding: Binding,
  route: R,
  handler: (input: RouteInput<R>, call: CalledBy<Principal>) => Promise<A>,
): void {
  bindPublic(binding, route, (input, call) => handler(input, withPrincipal(call)))
}

/** Connects a route that anybody may call, or that does its own authentication. */
export function bindPublic<R extends Route, const A extends RouteReply<R>>(
  binding: Binding,
  route: R,
  handler: Handler<R, A>,
): void {
  const answerValidators = binding.validateAnswers ? compileAnswers(route) : null
  bindStream(binding, route, async (input, call) => {
    const reply = await handler(input, call)
    send(route, call.response, reply, answerValidators)
  })
}

/** Connects a route whose handler writes the response itself. */
export function bindStream<R extends Route>(binding: Binding, route: R, handler: StreamHandler<R>): void {
  const validate = compileInput(route)
  const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1')
  // Who calls comes before what is said: nobody's megabytes are parsed for a stranger.
  const authorize: RequestHandler = async (request, response, next) => {
    response.locals['operationId'] = route.operationId
    const principal =
      route.roles.length === 0 ? null : await binding.authenticate(request.headers.authorization)
    if (principal !== null) requireRole(principal, route.roles)
    response.locals['principal'] = principal
    next()
  }
  const handle: RequestHandler = async (request, response) => {
    const principal = response.locals['principal'] as Principal | null
    await handler(validate(request) as RouteInput<R>, { principal, request, response })
  }
  const parsers = route.body === undefined ? [] : [PARSE_JSON]
  binding.router[route.method](path, authorize, ...parsers, handle)
}

function withPrincipal(call: Call): CalledBy<Principal> {
  if (call.principal === null)
    throw new Error('a route without roles was bound to a handler that needs a principal')
  return { ...call, principal: call.principal }
}

/** Of a part that the contract does not speak of. */
const NOTHING = Object.freeze({})

type AnyInput = Record<'params' | 'query' | 'headers' | 'body', unknown>

function compileInput(route: Route): (request: Request) => AnyInput {
  const parts = (['params', 'query', 'headers', 'body'] as const).flatMap((part) => {
    const schema = route[part]
    return schema === undefined ? [] : [{ part, check: compileValidator(schema, part) }]
  })
  return (request) => {
    const body = request.body as unknown
    const mayBeLeftOut = route.bodyOptional === true && !hasBody(request)
    const input: AnyInput = {
      params: route.params === undefined ? NOTHING : { ...request.params },
      query: route.query === undefined ? NOTHING : { ...request.query },
      headers: route.headers === undefined ? NOTHING : { ...request.headers },
      body: body === undefined && mayBeLeftOut ? {} : body,
    }
    if (route.body !== undefined && input.body === undefined) {
      throw new Problem('unsupported_media_type', 'The request has no body of type application/json.', {
        supported: ['application/json'],
      })
    }
    // Before anything goes through it level by level, and before anybody is made to print it.
    if (route.body !== undefined && isDeeperThan(MOST_LEVELS, input.body)) {
      const message = `is nested more than ${MOST_LEVELS} levels deep`
      throw invalidRequest([{ path: 'body', message }])
    }
    const errors = parts.flatMap(({ part, check }) => errorsOf(check(input[part])))
    if (errors.length > 0) throw invalidRequest(errors)
    return input
  }
}

/** RFC 9112, 6.3: a request has a body when one of these headers says so. */
function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function errorsOf(result: ReturnType<Validator>): readonly InvalidPart[] {
  return result.ok ? [] : result.errors
}

/** The problem that lists everything wrong with a request. */
export function invalidRequest(errors: readonly InvalidPart[]): Problem {
  const listed = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  return new Problem('invalid_request', `${listed}.`, { errors })
}

function compileAnswers(route: Route): Map<string, Validator> {
  return new Map(
    Object.entries(route.answers).flatMap(([status, { schema }]) =>
      schema === null ? [] : [[status, compileValidator(schema, 'answer')] as const],
    ),
  )
}

interface AnyReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

function send(
  route: Route,
  response: Response,
  reply: AnyReply,
  validators: Map<string, Validator> | null,
): void {
  const checked = validators?.get(String(reply.status))?.(structuredClone(reply.body))
  if (checked?.ok === false) {
    throw new Error(`${route.operationId} broke its contract: ${JSON.stringify(checked.errors)}`)
  }
  response.status(reply.status).set(reply.headers ?? {})
  const contentType = route.answers[reply.status]?.contentType
  if (reply.body === undefined) response.end()
  else if (contentType === undefined) sendJson(response, reply.body)
  else response.type(contentType).send(reply.body)
}

/**
 * As Express's response.json, which looks at content type, charset, freshness and length anew with each answer, and hands over a
 * longer text as bytes, apart from the headers.
 */
function sendJson(response: Response, body: unknown): void {
  const text = JSON.stringify(body)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}
