import type { Response } from 'express'
import { callSignal } from './call-signal.ts'

export interface StreamedEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** How often a silent stream is given a comment, so that proxies do not take it for dead. */
const KEEP_ALIVE_MILLISECONDS = 15_000

/** How long a reader may take for what it was sent, once the process is to end: one that reads no more would hold up the stop. */
const LAST_READ_MILLISECONDS = 2_000

/** A response as server-sent events (HTML Standard, 9.2). Writing waits for a slow reader. */
export interface EventStream {
  /** Aborts when the reader is gone and when the process is to end: there is nothing more to look for then. */
  readonly over: AbortSignal
  /** Tells the reader where it is before anything happens, so that it can resume there. */
  mark(id: string): void
  send(event: StreamedEvent): Promise<void>
  end(): void
}

/** Begins the stream. Its reader may be gone already: while what it asked for was looked up. */
export function openEventStream(response: Response, stopping: AbortSignal): EventStream {
  if (response.destroyed) return closedStream()
  const over = callSignal(response, stopping)
  let lastRead: NodeJS.Timeout | undefined
  const hangUpLater = (): void => {
    if (!response.destroyed) lastRead = setTimeout(() => response.destroy(), LAST_READ_MILLISECONDS)
  }
  const write = (text: string): boolean => response.writableEnded || response.write(text)

  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  response.flushHeaders()
  const keepAlive = setInterval(() => write(': alive\n\n'), KEEP_ALIVE_MILLISECONDS)
  // A connection that breaks closes the response as well; without a listener its error would end the process.
  response.on('error', () => undefined)
  response.once('close', () => {
    clearInterval(keepAlive)
    clearTimeout(lastRead)
  })
  if (over.aborted) hangUpLater()
  else over.addEventListener('abort', hangUpLater, { once: true })
  return {
    over,
    mark(id) {
      write(`id: ${id}\n\n`)
    },
    async send({ event, id, data }) {
      const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
      const accepted = write(`event: ${event}\nid: ${id}\n${lines.join('')}\n`)
      if (!accepted && !over.aborted) await drained(response, over)
    },
    end() {
      clearInterval(keepAlive)
      response.end()
    },
  }
}

/** Nobody would ever say that this one is over: it is. */
function closedStream(): EventStream {
  const ignore = (): void => undefined
  return { over: AbortSignal.abort(), mark: ignore, send: () => Promise.resolve(), end: ignore }
}

function drained(response: Response, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('drain', finish)
      over.removeEventListener('abort', finish)
      resolve()
    }
    response.once('drain', finish)
    over.addEventListener('abort', finish, { once: true })
  })
}
