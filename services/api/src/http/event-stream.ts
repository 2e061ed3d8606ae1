import type { Response } from 'express'

export interface StreamedEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** How often a silent stream is given a comment, so that proxies do not take it for dead. */
const KEEP_ALIVE_MILLISECONDS = 15_000

/** A response as server-sent events (HTML Standard, 9.2). Writing waits for a slow reader. */
export interface EventStream {
  /** Aborts when the reader is gone. */
  readonly closed: AbortSignal
  /** Tells the reader where it is before anything happens, so that it can resume there. */
  mark(id: string): void
  send(event: StreamedEvent): Promise<void>
  end(): void
}

/** Begins the stream. Its reader may be gone already: while what it asked for was looked up. */
export function openEventStream(response: Response): EventStream {
  if (response.destroyed) return closedStream()
  const gone = new AbortController()
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  response.flushHeaders()
  const keepAlive = setInterval(() => response.write(': alive\n\n'), KEEP_ALIVE_MILLISECONDS)
  response.once('close', () => {
    clearInterval(keepAlive)
    gone.abort()
  })
  return {
    closed: gone.signal,
    mark(id) {
      response.write(`id: ${id}\n\n`)
    },
    async send({ event, id, data }) {
      const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
      const accepted = response.write(`event: ${event}\nid: ${id}\n${lines.join('')}\n`)
      if (!accepted && !gone.signal.aborted) await drained(response, gone.signal)
    },
    end() {
      response.end()
    },
  }
}

/** Nobody would ever say that this one closes: it has. */
function closedStream(): EventStream {
  const ignore = (): void => undefined
  return { closed: AbortSignal.abort(), mark: ignore, send: () => Promise.resolve(), end: ignore }
}

function drained(response: Response, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('drain', finish)
      closed.removeEventListener('abort', finish)
      resolve()
    }
    response.once('drain', finish)
    closed.addEventListener('abort', finish, { once: true })
  })
}
