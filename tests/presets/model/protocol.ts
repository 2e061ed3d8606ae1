import type { ServerResponse } from 'node:http'
import type { ModelReply, ModelRequest } from './behaviour.ts'

export type Json = Readonly<Record<string, unknown>>

/** What a model says, when it says something. */
export type Said = Extract<ModelReply, { kind: 'text' | 'tool' }>

/** One API of a vendor, as far as its agent uses it. */
export interface Protocol {
  /** Whether a request to this path is one for a model. */
  fits(path: string): boolean
  read(body: Json): ModelRequest
  /** Writes the whole answer, streamed where the request asked for that. */
  write(response: ServerResponse, said: Said, request: { readonly path: string; readonly body: Json }): void
}

/** Writes an answer as server-sent events. */
export function writeEvents(
  response: ServerResponse,
  events: readonly { readonly event?: string; readonly data: Json | string }[],
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const { event, data } of events) {
    const name = event === undefined ? '' : `event: ${event}\n`
    response.write(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }
  response.end()
}

export function writeJson(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** The objects in a list; none when it is none. */
export function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value)
    ? value.filter((each): each is Json => typeof each === 'object' && each !== null)
    : []
}

/** The names of what is in the list. */
export function namesIn(list: readonly Json[]): string[] {
  return list.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
}
