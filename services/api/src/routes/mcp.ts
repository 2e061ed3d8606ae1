import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createClient } from '@switchyard/client'
import { ROUTES } from '@switchyard/contract'
import type { McpEndpoint } from '@switchyard/mcp'
import type { Request as HttpRequest, Response as HttpResponse } from 'express'
import type { ApiContext } from '../context.ts'
import { bindStream } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { callSignal } from '../http/call-signal.ts'
import { Problem } from '../problem.ts'

/** This machine's names in a browser: pages that it serves itself. */
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/** MCP over HTTP. Its tools call this API from outside, with the token of whoever calls: what that may do is decided once. */
export function bindMcp(binding: Binding, context: ApiContext): void {
  let endpoint: McpEndpoint | undefined

  bindStream(binding, ROUTES.callMcp, async ({ body }, { principal, request, response }) => {
    refuseStrangePages(request.get('origin'), context.config.SWITCHYARD_ALLOWED_ORIGINS)
    const signal = callSignal(response, context.stopping)
    const token = request
      .get('authorization')
      ?.replace(/^Bearer +/i, '')
      .trim()
    const caller = {
      api: createClient({ baseUrl: ownUrl(request), token, retrySeconds: 0 }),
      role: principal?.role ?? null,
      agentId: principal?.agent?.id ?? null,
      signal,
    }
    // Loaded when it is first asked for: it would make up half of the time that the API needs to start.
    endpoint ??= (await import('@switchyard/mcp')).createMcpEndpoint(context.version)
    await send(await endpoint(asWebRequest(request, body, signal), caller), response)
  })
}

/**
 * A page that a browser loaded elsewhere may reach this machine, also when its name was made to point here (DNS rebinding). Browsers
 * then name the page's origin; programs name none.
 */
function refuseStrangePages(origin: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes(origin)) return
  if (URL.canParse(origin) && LOCAL.has(new URL(origin).hostname)) return
  throw new Problem('origin_not_allowed', `The request comes from a page of ${origin}.`, {
    allowed_origins: allowed,
  })
}

/** Where this very connection came in: there the API can be reached. */
function ownUrl({ socket }: HttpRequest): string {
  const { localAddress = '127.0.0.1', localPort = 0 } = socket
  return `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}

function asWebRequest(request: HttpRequest, body: unknown, signal: AbortSignal): Request {
  const headers = Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  return new Request(`${ownUrl(request)}${request.originalUrl}`, {
    method: request.method,
    headers,
    body: JSON.stringify(body),
    signal,
  })
}

async function send(answer: Response, response: HttpResponse): Promise<void> {
  response.status(answer.status)
  for (const [name, value] of answer.headers) response.set(name, value)
  if (answer.body === null) response.end()
  else await pipeline(Readable.fromWeb(answer.body), response)
}
