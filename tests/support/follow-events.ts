import { TOKENS } from './api.ts'
import type { TestApi } from './api.ts'

export interface ReceivedEvent {
  readonly event: string
  readonly id: string
  readonly data: unknown
}

export interface FollowedStream {
  /** The next event; null when the server has ended the stream. */
  next(): Promise<ReceivedEvent | null>
  /** Hangs up. */
  stop(): void
}

/** Reads server-sent events as a browser does (HTML Standard, 9.2), data as JSON. */
export async function followEvents(
  api: Pick<TestApi, 'url'>,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<FollowedStream> {
  const hangUp = new AbortController()
  const response = await fetch(api.url + path, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${TOKENS.admin}`, ...headers },
    signal: hangUp.signal,
  })
  const type = response.headers.get('content-type') ?? ''
  if (response.body === null || !type.startsWith('text/event-stream')) throw new Error(await response.text())
  const events = eventsOf(response.body)
  return {
    async next() {
      const { value, done } = await events.next()
      return done === true ? null : value
    },
    stop: () => hangUp.abort(),
  }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReceivedEvent, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      )
      const [event, id, data] = ['event', 'id', 'data'].map((name) => fields.get(name))
      if (event !== undefined && data !== undefined)
        yield { event, id: id ?? '', data: JSON.parse(data) as unknown }
    }
  }
}
