import { setTimeout as delay } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/**
 * Longer than any wait_seconds that is asked for. The fetch of Node 20 can wait for ever on a connection that Docker's proxy
 * accepted and then closed because the container did not listen yet.
 */
const ANSWER_MILLISECONDS = 10_000

/** Calls the API and insists: while it is away, or says that its database is, the same call is made again. */
export class ApiClient {
  readonly #baseUrl: () => string
  readonly #token: string
  readonly #signal: AbortSignal

  constructor(baseUrl: () => string, token: string, signal: AbortSignal) {
    this.#baseUrl = baseUrl
    this.#token = token
    this.#signal = signal
  }

  /** Throws when the signal aborts, or when the API says that the call itself is wrong. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.tryCall(method, path, body)
    if (answer.status < 400) return answer
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  /** As call, but every answer that is about the call is returned. */
  async tryCall(method: string, path: string, body?: unknown): Promise<Answer> {
    let reason: unknown = null
    for (;;) {
      if (this.#signal.aborted) throw new Error(`${method} ${path} was given up`, { cause: reason })
      try {
        const answer = await this.#once(method, path, body)
        if (answer.status < 500) return answer
        reason = answer
      } catch (error) {
        reason = error
      }
      await delay(200, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  async #once(method: string, path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${this.#baseUrl()}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MILLISECONDS)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }
}
