import { pauseMilliseconds, retryAfterOf } from './backoff.ts'
import type { CallOptions, ClientOptions } from './call-options.ts'
import { SwitchyardProblem, SwitchyardUnreachable } from './problem.ts'
import { isRepeatable } from './repeatable.ts'
import type { OperationName } from './repeatable.ts'
import { isAborted, REAL_TIMING, reasonOf, within } from './timing.ts'
import type { Timing } from './timing.ts'
import { OPERATIONS } from './wire/operations.ts'
import type { Problem } from './wire/types.ts'

const DEFAULT_SECONDS = 30
const SHOWN_CHARACTERS = 200

/** One request, as it goes over the wire. */
export interface OutgoingRequest {
  readonly operation: OperationName
  /** With its parameters filled in. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Statuses that are an answer although they are none of 2xx. */
  readonly alsoAnswers?: readonly number[]
}

/** Reads the answer; what it throws counts as a failed try. */
export type ReadAnswer<T> = (response: Response, repeated: boolean) => Promise<T>

export interface Transport {
  readonly timing: Timing
  readonly timeoutSeconds: number
  /** Sends a request until it is answered, refused, or repeating it makes no sense. */
  send<T>(request: OutgoingRequest, read: ReadAnswer<T>, options?: CallOptions): Promise<T>
  /** Sends it once, with no limit of time. For streams. */
  open(request: OutgoingRequest, signal: AbortSignal): Promise<Response>
}

/** Carries requests to one server. */
export function createTransport(options: ClientOptions, timing: Timing = REAL_TIMING): Transport {
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const { token, onRetry, timeoutSeconds = DEFAULT_SECONDS, retrySeconds = DEFAULT_SECONDS } = options
  // Called without `this`: browsers refuse it as a method of anything but the window.
  const fetch =
    options.fetch ?? ((...request: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...request))

  async function open(request: OutgoingRequest, signal: AbortSignal): Promise<Response> {
    const { operation, path, headers, body } = request
    const url = baseUrl + path
    const response = await fetch(url, {
      method: OPERATIONS[operation].method,
      headers: sendable({
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      }),
      ...(body === undefined ? {} : { body }),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw reasonOf(signal)
      throw new SwitchyardUnreachable(`${url} cannot be reached: ${messageOf(error)}`, { cause: error })
    })
    if (response.ok || request.alsoAnswers?.includes(response.status) === true) return response
    throw await failureOf(response)
  }

  async function attempt<T>(
    request: OutgoingRequest,
    read: ReadAnswer<T>,
    call: CallOptions,
    repeated: boolean,
  ): Promise<T> {
    const seconds = call.timeoutSeconds ?? timeoutSeconds
    const timedOut = (): Error =>
      new SwitchyardUnreachable(`${baseUrl}${request.path} did not answer within ${seconds} s`)
    const limits = { signals: [call.signal], milliseconds: seconds * 1000 }
    return within(limits, timedOut, async (signal) => {
      const response = await open(request, signal)
      try {
        return await read(response, repeated)
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal)
        if (error instanceof SwitchyardUnreachable || error instanceof SwitchyardProblem) throw error
        const message = `the answer of ${baseUrl}${request.path} was cut off: ${messageOf(error)}`
        throw new SwitchyardUnreachable(message, { cause: error })
      }
    })
  }

  return {
    timing,
    timeoutSeconds,
    open,
    async send(request, read, call = {}) {
      const giveUpAt = timing.now() + (call.retrySeconds ?? retrySeconds) * 1000
      for (let failures = 0; ;) {
        if (isAborted(call.signal)) throw reasonOf(call.signal)
        try {
          return await attempt(request, read, call, failures > 0)
        } catch (error) {
          if (isAborted(call.signal)) throw reasonOf(call.signal)
          if (!mayRepeat(request.operation, error)) throw error
          failures += 1
          const pause = pauseMilliseconds(failures, error.retryAfter, timing.random())
          if (timing.now() + pause >= giveUpAt) throw error
          onRetry?.({ operation: request.operation, failures, error, pauseSeconds: pause / 1000 })
          await timing.sleep(pause, call.signal)
        }
      }
    },
  }
}

/** What a header can hold (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\t -~\u0080-\u00ff]*$/

/** Throws TypeError, before anything is sent, for what no header can hold: fetch says the same of a server that it does not reach. */
function sendable(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    // The value stays unsaid: it may be a token.
    if (!HEADER_VALUE.test(value))
      throw new TypeError(`${name} is sent as a header, which holds visible characters only`)
  }
  return headers
}

function mayRepeat(
  operation: OperationName,
  error: unknown,
): error is SwitchyardProblem | SwitchyardUnreachable {
  if (error instanceof SwitchyardProblem) {
    // Both say that nobody knows whether the call was carried out.
    const isUnknown = error.code === 'database_unavailable' || error.code === 'internal_error'
    return isUnknown && isRepeatable(operation)
  }
  if (!(error instanceof SwitchyardUnreachable)) return false
  if (error.status === 429) return true
  const isPassing = error.status === null || error.status >= 500 || error.status === 408
  return isPassing && isRepeatable(operation)
}

/** What an answer that is none says is wrong. */
export async function failureOf(response: Response): Promise<Error> {
  const retryAfter = retryAfterOf(response.headers)
  const text = await response.text().catch(() => '')
  const problem = problemOf(text)
  if (problem !== null) return new SwitchyardProblem(problem, retryAfter)
  return unexpected(response.url, response, text)
}

/** Something that speaks HTTP answered, but not as the API does. */
export function unexpected(url: string, response: Response, text: string): SwitchyardUnreachable {
  const { status } = response
  const shown = text.slice(0, SHOWN_CHARACTERS).trim()
  return new SwitchyardUnreachable(
    `${url} answered ${status} without being understood: is it a Switchyard server?${shown === '' ? '' : ` It said: ${shown}`}`,
    { status, retryAfter: retryAfterOf(response.headers) },
  )
}

function problemOf(text: string): Problem | null {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null
    const isOne = typeof value?.code === 'string' && typeof value.detail === 'string'
    // An older server says the next call in `detail` alone.
    return isOne ? ({ next: '', ...value } as Problem) : null
  } catch {
    return null
  }
}

/** What is in the way, in one line: the reason that fetch gives is in its cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const inner = cause instanceof Error ? cause.message || (cause as { code?: string }).code : undefined
  return inner === undefined ? error.message : `${error.message}: ${inner}`
}
