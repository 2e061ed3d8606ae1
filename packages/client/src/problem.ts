import type { Problem } from './wire/types.ts'

export type ProblemCode = Problem['code']

/** The server's refusal (RFC 9457). `code` never changes its meaning; `detail` says what happened, what is true now, and the next call. */
export class SwitchyardProblem extends Error {
  override readonly name = 'SwitchyardProblem'
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly detail: string
  /** `detail` without its end, the next call: for who names that in other words. */
  readonly happened: string
  /** The next call to make, as an HTTP call. */
  readonly next: string
  readonly requestId: string
  /** Of `invalid_request`: each thing that is wrong. */
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  /** The facts of the case, such as `task_status` or `expected_offset`. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Seconds after which the call may be made again; null when the server named none. */
  readonly retryAfter: number | null

  constructor(problem: Problem, retryAfter: number | null) {
    const { title, status, detail, next, code, request_id: requestId, errors, ...rest } = problem
    super(`${detail} [${code}]`)
    this.code = code
    this.status = status
    this.title = title
    this.detail = detail
    this.happened = (detail.endsWith(next) ? detail.slice(0, -next.length || undefined) : detail).trimEnd()
    this.next = next
    this.requestId = requestId
    this.errors = errors ?? []
    this.facts = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'type'))
    this.retryAfter = retryAfter
  }
}

/** No answer of a Switchyard server: the connection failed, took too long, or something else answered. */
export class SwitchyardUnreachable extends Error {
  override readonly name = 'SwitchyardUnreachable'
  /** Of what answered instead; null when nothing did. */
  readonly status: number | null
  readonly retryAfter: number | null

  constructor(
    message: string,
    facts: { readonly status?: number; readonly retryAfter?: number | null; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause })
    this.status = facts.status ?? null
    this.retryAfter = facts.retryAfter ?? null
  }
}

/** True for a refusal with one of the codes. */
export function isProblem(error: unknown, ...codes: ProblemCode[]): error is SwitchyardProblem {
  return error instanceof SwitchyardProblem && (codes.length === 0 || codes.includes(error.code))
}
