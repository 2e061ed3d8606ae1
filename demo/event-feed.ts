import { ROUTES, type TaskEvent as TaskEventSchema } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import type { Client } from './client.ts'

export type TaskEvent = Static<typeof TaskEventSchema>

/** What was waited for did not happen in time. */
export class WaitedInVainError extends Error {
  override readonly name = 'WaitedInVainError'
}

/** What happens, as the API tells it, remembered from the beginning. */
export interface EventFeed {
  /**
   * The first event that fits, past or to come. Throws WaitedInVainError when none came within the seconds, or why the
   * feed broke off.
   * @param what completes "waited in vain until …"
   */
  next(what: string, fits: (event: TaskEvent) => boolean, seconds?: number): Promise<TaskEvent>
  stop(): void
}

/** Follows `GET /events` (server-sent events, HTML Standard 9.2), from the first event that is kept. */
export function followEvents(client: Client): EventFeed {
  const stopping = new AbortController()
  const seen: TaskEvent[] = []
  let broken: Error | null = null
  let waiting: (() => void)[] = []
  const tell = () => {
    const now = waiting
    waiting = []
    for (const look of now) look()
  }
  void readEvents(client, stopping.signal, (event) => {
    seen.push(event)
    tell()
  })
    .then(() => new Error('the API ended the stream of events'))
    .catch((error: unknown) => new Error('the stream of events broke off', { cause: error }))
    .then((error) => {
      broken = error
      tell()
    })

  return {
    async next(what, fits, seconds = 20) {
      const deadline = AbortSignal.timeout(seconds * 1000)
      deadline.addEventListener('abort', tell, { once: true })
      for (;;) {
        const found = seen.find(fits)
        if (found !== undefined) return found
        if (broken !== null) throw broken
        if (deadline.aborted) throw new WaitedInVainError(`waited ${seconds} s in vain until ${what}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    stop: () => stopping.abort(),
  }
}

async function readEvents(
  client: Client,
  signal: AbortSignal,
  onEvent: (event: TaskEvent) => void,
): Promise<void> {
  const response = await fetch(`${client.url}${ROUTES.streamEvents.path}?after=0-0`, {
    headers: { authorization: `Bearer ${client.token}`, accept: 'text/event-stream' },
    signal,
  })
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`)
  let text = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data: '))
      if (data.length > 0) onEvent(JSON.parse(data.map((line) => line.slice(6)).join('\n')) as TaskEvent)
    }
  }
}
