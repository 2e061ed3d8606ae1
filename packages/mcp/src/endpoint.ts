import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { createServer } from './server.ts'
import type { Caller } from './server.ts'

/** Answers one request over streamable HTTP, for a caller whose token has been verified. */
export type McpEndpoint = (request: Request, caller: Caller) => Promise<Response>

/**
 * MCP over streamable HTTP without sessions: each request gets a server of its own, so that any replica can answer it. Both the
 * revision 2026-07-28 and those before it are served; answers are single JSON documents.
 */
export function createMcpEndpoint(version: string): McpEndpoint {
  return async (request, caller) => {
    if (await isLegacyRequest(request)) return answerLegacy(request, caller, version)
    const handler = createMcpHandler(() => createServer(caller, version), { legacy: 'reject' })
    return handler.fetch(request)
  }
}

async function answerLegacy(request: Request, caller: Caller, version: string): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  const server = createServer(caller, version)
  await server.connect(transport)
  try {
    return await transport.handleRequest(request)
  } finally {
    await server.close()
  }
}
