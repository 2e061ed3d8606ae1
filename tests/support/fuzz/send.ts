import { request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Agent } from 'node:http'

/** A request as it goes over the wire: nothing of it is checked or put right on the way. */
export interface RawRequest {
  readonly method: string
  /** With its query, percent-encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders & { readonly [name: string]: string | string[] | undefined }
  /** Empty for a stream of events: it is closed as soon as it has begun. */
  readonly text: string
}

/** Sends one request and reads its answer to the end. */
export function sendRaw(
  port: number,
  agent: Agent,
  { method, path, headers, body }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'content-length': String(body.length) }
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...length } })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response
      const isStream = answered['content-type']?.startsWith('text/event-stream') === true
      if (isStream) sent.destroy()
      const read = isStream ? Promise.resolve('') : textOf(response)
      read.then((text) => resolve({ status, headers: answered, text }), reject)
    })
    sent.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
