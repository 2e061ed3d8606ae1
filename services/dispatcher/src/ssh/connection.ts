import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'

export type ExecuteResult =
  { readonly ok: true; readonly channel: ClientChannel } | { readonly ok: false; readonly message: string }

const GOODBYE_MILLISECONDS = 1000

/** The bytes that go to a host and come from it. */
export interface Way {
  readonly stream: Duplex
  /** Ends it at once, whether or not anybody still answers. */
  destroy(): void
}

/** An authenticated connection to one host. */
export interface Connection {
  /** Opens a channel and asks for the command line. Never rejects. */
  execute(commandLine: string): Promise<ExecuteResult>
  /** Opens a channel to an address that the host reaches. Aborting stops waiting. Never rejects. */
  forward(address: string, port: number, signal: AbortSignal): Promise<ExecuteResult>
  onClosed(listener: () => void): void
  end(): void
}

/**
 * Wraps a client that is ready. An `error` listener must be attached already and stay: without one a connection reset
 * would end the process.
 */
export function wrapClient(client: Client, way: Way, channelOpenSeconds: number): Connection {
  let open = true
  client.once('close', () => (open = false))
  return {
    execute: (commandLine) =>
      openChannel(channelOpenSeconds, (given) => void client.exec(commandLine, given)),
    forward(address, port, signal) {
      // The origin is what the jump host may log; no listener of ours stands there.
      const open = (given: Given) => void client.forwardOut('127.0.0.1', 0, address, port, given)
      return openChannel(channelOpenSeconds, open, signal)
    },
    onClosed(listener) {
      if (open) client.once('close', listener)
      else listener()
    },
    end() {
      client.end()
      // A host that is gone never answers the goodbye.
      const timer = setTimeout(() => way.destroy(), GOODBYE_MILLISECONDS)
      way.stream.once('close', () => clearTimeout(timer))
    },
  }
}

type Given = (error: Error | undefined, channel: ClientChannel) => void

function openChannel(
  seconds: number,
  open: (given: Given) => void,
  signal?: AbortSignal,
): Promise<ExecuteResult> {
  return new Promise((resolve) => {
    let settled = false
    const settle = (result: ExecuteResult) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settled = true
      resolve(result)
    }
    const onAbort = () => settle({ ok: false, message: 'it was cancelled' })
    const timer = setTimeout(() => {
      settle({ ok: false, message: `the host did not open a channel within ${seconds} s` })
    }, seconds * 1000)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      open((error, channel) => {
        if (error !== undefined) settle({ ok: false, message: error.message })
        else if (settled) channel.close()
        else settle({ ok: true, channel })
      })
    } catch (error) {
      settle({ ok: false, message: String(error) })
    }
  })
}
