import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'

/** Whether the process can do its work, and if not, why. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }

export interface HealthServer {
  /** Resolves to the port that was taken: the given one, or a free one for 0. */
  readonly listen: (host: string, port: number) => Promise<number>
  readonly close: () => Promise<void>
}

export interface HealthServerOptions {
  readonly metrics: Metrics
  /** May take its time and may throw: a throw counts as not ready, with the error's message as the reason. */
  readonly readiness: () => Promise<Readiness>
}

/** A small server for a process without an API of its own: /healthz (alive), /readyz (200 or 503 with a reason), /metrics. */
export function createHealthServer({ metrics, readiness }: HealthServerOptions): HealthServer {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0] ?? ''
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      sendJson(response, 405, { status: 'method not allowed' })
    } else if (path === '/healthz') {
      sendJson(response, 200, { status: 'ok' })
    } else if (path === '/readyz') {
      const state = await readinessOrReason(readiness)
      if (state.ready) sendJson(response, 200, { status: 'ready' })
      else sendJson(response, 503, { status: 'not ready', reason: state.reason })
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.text())
    } else {
      sendJson(response, 404, { status: 'not found', paths: ['/healthz', '/readyz', '/metrics'] })
    }
  }

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readinessOrReason(readiness: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await readiness()
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}
