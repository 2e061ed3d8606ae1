import { PROBLEMS } from '@switchyard/contract'
import type { ProblemCode } from '@switchyard/contract'

/** An error that a client sees, from the catalogue. `happened` is a sentence, `facts` are what it needs to act on it. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly facts: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    happened: string,
    facts: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(happened)
    this.name = 'Problem'
    this.code = code
    this.facts = facts
    this.headers = headers
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** The body, as RFC 9457 has it. `detail` says what happened, what is true now, and the next call. */
  toBody(requestId: string): Record<string, unknown> {
    const { status, title, now, next } = PROBLEMS[this.code]
    return {
      type: `urn:switchyard:problem:${this.code}`,
      title,
      status,
      detail: `${this.message} ${now} ${next}`,
      next,
      code: this.code,
      request_id: requestId,
      ...this.facts,
    }
  }
}
