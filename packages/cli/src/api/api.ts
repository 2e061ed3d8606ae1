import { Failure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import { failureOf } from './problem.ts'
import { unreachable } from './unreachable.ts'

type Query = Readonly<Record<string, string | number | undefined>>

/** The API as commands use it. Every method throws Failure when the answer is not the one that was asked for. */
export interface Api {
  readonly url: string
  get<T>(path: string, query?: Query): Promise<T>
  send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<T>
  /** The response itself, for bodies that are not JSON or have no end. */
  open(path: string, options?: OpenOptions): Promise<Response>
}

export interface OpenOptions {
  readonly method?: string
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

/** A path whose parts are encoded: `pathOf\`/api/v1/tasks/${id}\``. */
export function pathOf(strings: TemplateStringsArray, ...parts: readonly string[]): string {
  return strings.reduce((path, text, index) => path + encodeURIComponent(parts[index - 1] ?? '') + text)
}

/** Speaks to one API with one token. */
export function createApi(settings: Settings): Api {
  async function open(path: string, options: OpenOptions = {}): Promise<Response> {
    const { method = 'GET', query = {}, headers = {}, body, signal } = options
    const url = new URL(settings.url + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const response = await fetch(url, {
      method,
      // A redirect would take the token to another server.
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(settings.token === null ? {} : { authorization: `Bearer ${settings.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw signal?.aborted === true ? error : unreachable(settings, error)
    })
    if (response.ok) return response
    throw await failureOf(response, settings)
  }

  async function json<T>(path: string, options: OpenOptions): Promise<T> {
    const response = await open(path, options)
    const text = await response.text().catch((error: unknown) => {
      throw unreachable(settings, error)
    })
    if (text === '') return undefined as T
    try {
      return JSON.parse(text) as T
    } catch {
      throw new Failure(
        'failed',
        `${settings.url} does not answer as Switchyard does (${String(response.status)}, no JSON).`,
        'Check the URL: something else seems to listen there.',
      )
    }
  }

  return {
    url: settings.url,
    open,
    get: (path, query) => json(path, { ...(query === undefined ? {} : { query }) }),
    send: (method, path, body, headers = {}) =>
      json(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  }
}
