import type { ProblemBody, Route, RouteInput, RouteReply } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'

type Problem = Static<typeof ProblemBody>

/** What a call may carry; leave out what the route does not ask for. */
export type CallInput<R extends Route> = Partial<RouteInput<R>>

/** The API's other answer: a problem (RFC 9457). */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

export interface Client {
  readonly url: string
  readonly token: string
  /** Calls a route of the contract. Throws RefusedError for a problem, and what `fetch` throws when nobody answers. */
  call<R extends Route>(route: R, input?: CallInput<R>, signal?: AbortSignal): Promise<RouteReply<R>>
}

/** Speaks to an API, typed by its contract. */
export function createClient(url: string, token: string): Client {
  return {
    url,
    token,
    async call<R extends Route>(route: R, input: CallInput<R> = {}, signal?: AbortSignal) {
      const { params = {}, query = {}, headers = {}, body } = input
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String((params as Record<string, unknown>)[name])),
      )
      const search = new URLSearchParams(query as Record<string, string>).toString()
      const response = await fetch(`${url}${path}${search === '' ? '' : `?${search}`}`, {
        method: route.method.toUpperCase(),
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      })
      return (await readReply(response)) as unknown as RouteReply<R>
    },
  }
}

async function readReply(response: Response): Promise<{ status: number; body: unknown }> {
  const type = response.headers.get('content-type') ?? ''
  const text = await response.text()
  if (type.startsWith('application/problem+json')) throw new RefusedError(JSON.parse(text) as Problem)
  if (!response.ok) throw new Error(`${response.status} from ${response.url}: ${text.slice(0, 300)}`)
  const body: unknown = type.startsWith('application/json') ? JSON.parse(text) : text
  return { status: response.status, body }
}
