import type { Socket } from 'node:net'
import type { Client, ClientChannel } from 'ssh2'

export type ExecuteResult =
  { readonly ok: true; readonly channel: ClientChannel } | { readonly ok: false; readonly message: string }

const GOODBYE_MILLISECONDS = 1000

/** An authenticated connection to one host. */
export interface Connection {
  /** Opens a channel and asks for the command line. Never rejects. */
  execute(commandLine: string): Promise<ExecuteResult>
  onClosed(listener: () => void): void
  end(): void
}

/**
 * Wraps a client that is ready. An `error` listener must be attached already and stay: without one a connection reset
 * would end the process.
 */
export function wrapClient(client: Client, socket: Socket, channelOpenSeconds: number): Connection {
  let open = true
  client.once('close', () => (open = false))
  return {
    execute: (commandLine) => execute(client, commandLine, channelOpenSeconds),
    onClosed(listener) {
      if (open) client.once('close', listener)
      else listener()
    },
    end() {
      client.end()
      // A host that is gone never answers the goodbye.
      const timer = setTimeout(() => socket.destroy(), GOODBYE_MILLISECONDS)
      socket.once('close', () => clearTimeout(timer))
    },
  }
}

function execute(client: Client, commandLine: string, seconds: number): Promise<ExecuteResult> {
  return new Promise((resolve) => {
    let given = false
    const settle = (result: ExecuteResult) => {
      clearTimeout(timer)
      given = true
      resolve(result)
    }
    const timer = setTimeout(() => {
      settle({ ok: false, message: `the host did not open a channel within ${seconds} s` })
    }, seconds * 1000)
    try {
      client.exec(commandLine, (error, channel) => {
        if (error !== undefined) settle({ ok: false, message: error.message })
        else if (given) channel.close()
        else settle({ ok: true, channel })
      })
    } catch (error) {
      settle({ ok: false, message: String(error) })
    }
  })
}
