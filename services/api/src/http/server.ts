import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:http'
import type { Express } from 'express'

/**
 * An HTTP server whose requests and responses are born with Express's prototypes. Express 5 sets them on every request,
 * which costs Node 20 about two thirds of its throughput; when they are already right, setting them is free.
 */
export function createHttpServer(app: Express): Server {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  Object.setPrototypeOf(ExpressRequest.prototype, app.request)
  Object.setPrototypeOf(ExpressResponse.prototype, app.response)
  app.request = ExpressRequest.prototype as typeof app.request
  app.response = ExpressResponse.prototype as typeof app.response
  const server = createServer({ IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse }, app)
  // Long polls are held for up to a minute; idle connections of proxies should not be cut under them.
  server.keepAliveTimeout = 65_000
  server.headersTimeout = 70_000
  return server
}
