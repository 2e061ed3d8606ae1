import { pauseMilliseconds } from './backoff.ts'
import type { CallOptions, ClientOptions } from './call-options.ts'
import { SwitchyardProblem, SwitchyardUnreachable } from './problem.ts'
import { EventStreamParser } from './sse.ts'
import type { ServerSentEvent } from './sse.ts'
import { reasonOf } from './timing.ts'
import { unexpected } from './transport.ts'
import type { OutgoingRequest, Transport } from './transport.ts'

/** The server sends a comment every 15 s; a stream that is silent for three of them is dead. */
const SILENCE_MILLISECONDS = 45_000

/**
 * Reads an event stream over as many connections as it takes, each from the last event on. Ends when the reader stops
 * reading; throws the signal's reason, a refusal, and SwitchyardUnreachable when nobody answered for `retrySeconds`.
 */
export async function* follow(
  transport: Transport,
  requestAfter: (lastEventId: string) => OutgoingRequest,
  options: CallOptions,
  client: Pick<ClientOptions, 'retrySeconds' | 'onRetry'>,
): AsyncGenerator<ServerSentEvent, void> {
  const { timing } = transport
  const retryMilliseconds = (options.retrySeconds ?? client.retrySeconds ?? 30) * 1000
  let lastEventId = ''
  let failures = 0
  let failingSince: number | null = null
  for (;;) {
    const connection = new Connection(options.signal)
    const request = requestAfter(lastEventId)
    let failure: SwitchyardProblem | SwitchyardUnreachable
    try {
      for await (const event of connection.read(transport, request)) {
        failures = 0
        failingSince = null
        lastEventId = event.id
        yield event
      }
      failure = new SwitchyardUnreachable('the server ended the stream')
    } catch (error) {
      if (options.signal?.aborted === true) throw reasonOf(options.signal)
      const isPassing =
        error instanceof SwitchyardUnreachable ||
        (error instanceof SwitchyardProblem && (error.status >= 500 || error.status === 429))
      if (!isPassing) throw error
      failure = error
    } finally {
      lastEventId = connection.lastEventId || lastEventId
      connection.close()
    }
    failures += 1
    failingSince ??= timing.now()
    if (timing.now() - failingSince >= retryMilliseconds) throw failure
    const pause = pauseMilliseconds(failures, failure.retryAfter, timing.random())
    client.onRetry?.({ operation: request.operation, failures, error: failure, pauseSeconds: pause / 1000 })
    await timing.sleep(pause, options.signal)
  }
}

/** One connection to an event stream. */
class Connection {
  readonly #over = new AbortController()
  readonly #parser = new EventStreamParser()
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => this.#over.abort(reasonOf(this.#signal))
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    if (signal?.aborted === true) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get lastEventId(): string {
    return this.#parser.lastEventId
  }

  async *read(transport: Transport, request: OutgoingRequest): AsyncGenerator<ServerSentEvent> {
    this.#heard()
    const response = await transport.open(request, this.#over.signal)
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (!isStream || response.body === null) throw unexpected(request.path, response, await response.text())
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (this.#over.signal.aborted) throw reasonOf(this.#over.signal)
        throw new SwitchyardUnreachable('the stream was cut', { cause: error })
      })
      if (done) return
      this.#heard()
      yield* this.#parser.push(decoder.decode(value, { stream: true }))
    }
  }

  close(): void {
    clearTimeout(this.#silence)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#over.abort(new SwitchyardUnreachable('nobody reads the stream any more'))
  }

  #heard(): void {
    clearTimeout(this.#silence)
    const onSilence = (): void => this.#over.abort(new SwitchyardUnreachable('the stream fell silent'))
    this.#silence = setTimeout(onSilence, SILENCE_MILLISECONDS)
  }
}
