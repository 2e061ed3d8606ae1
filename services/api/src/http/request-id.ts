import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { ApiEvents } from '../events.ts'

const ACCEPTABLE = /^[\w.:-]{1,128}$/

/** Gives each request an id, its caller's or a new one, and reports when it is over. */
export function trackRequests(events: ApiEvents): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID()
    response.locals['requestId'] = requestId
    response.setHeader('X-Request-Id', requestId)
    response.once('finish', () => {
      const operationId = (response.locals['operationId'] as string | undefined) ?? 'none'
      events.requestFinished(operationId, response.statusCode, (performance.now() - started) / 1_000)
    })
    next()
  }
}
