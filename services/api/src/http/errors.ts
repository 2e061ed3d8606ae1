import { isDatabaseUnavailable } from '@switchyard/store'
import type { Log } from '@switchyard/platform'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { Problem } from '../problem.ts'

/** SQLSTATEs of text that PostgreSQL cannot store: NUL, or half of a surrogate pair (PostgreSQL, Appendix A). */
const UNSTORABLE_TEXT = new Set(['22021', '22P02', '22P05'])
const RETRY_AFTER_SECONDS = '5'

/** Turns whatever was thrown into a problem document. What is not a client's doing never shows its detail. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const requestId = String(response.locals['requestId'])
    const problem = toProblem(error)
    if (problem.status >= 500) {
      log.error({ error, requestId, operationId: response.locals['operationId'] as unknown }, problem.code)
    }
    if (response.headersSent) {
      next(error)
      return
    }
    response
      .status(problem.status)
      .set(problem.headers)
      .type('application/problem+json')
      .send(JSON.stringify(problem.toBody(requestId)))
  }
}

/** Answers paths that no route has. */
export const answerUnknownRoute: RequestHandler = (request) => {
  throw new Problem('route_not_found', `No operation is at ${request.method} ${request.path}.`)
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isDatabaseUnavailable(error)) {
    return new Problem(
      'database_unavailable',
      'PostgreSQL could not be reached, hung up, or kept the call waiting for too long.',
      {},
      { 'Retry-After': RETRY_AFTER_SECONDS },
    )
  }
  return (
    fromBodyParser(error) ?? new Problem('internal_error', 'An error that nobody expected ended the call.')
  )
}

/** body-parser marks its errors with `type`; http-errors' statuses are its own words for ours. */
function fromBodyParser(error: unknown): Problem | null {
  const { type, limit, code, status } = (error ?? {}) as Record<string, unknown>
  switch (type) {
    case 'entity.parse.failed':
      return new Problem('malformed_json', 'The body cannot be parsed as JSON.')
    case 'entity.too.large':
      return new Problem('payload_too_large', 'The body has more bytes than this call may have.', {
        limit_bytes: limit,
      })
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem(
        'unsupported_media_type',
        'The charset or the Content-Encoding of the body is not supported.',
        {
          supported: ['application/json; charset=utf-8'],
        },
      )
    case 'request.size.invalid':
    case 'request.aborted':
      return new Problem('malformed_json', 'The body ended before its Content-Length was there.')
    default:
      break
  }
  if (error instanceof URIError) {
    return new Problem('invalid_request', 'The path is not correctly percent-encoded.', {
      errors: [{ path: 'params', message: 'is not correctly percent-encoded' }],
    })
  }
  if (typeof code === 'string' && UNSTORABLE_TEXT.has(code)) {
    return new Problem(
      'invalid_request',
      'Text holds NUL or half a surrogate pair, which cannot be stored.',
      {
        errors: [{ path: 'body', message: 'holds NUL or half a surrogate pair' }],
      },
    )
  }
  // A body that is not packed as its Content-Encoding says: the codes differ from one encoding to the next.
  return status === 400
    ? new Problem('malformed_json', 'The body is not packed as its Content-Encoding says.')
    : null
}
