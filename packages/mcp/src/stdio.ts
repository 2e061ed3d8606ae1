import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { createServer } from './server.ts'
import type { Caller } from './server.ts'

export interface StdioOptions {
  readonly input: Readable
  readonly output: Writable
  readonly version: string
  /** Hears of what goes wrong outside a call. */
  readonly onError: (error: Error) => void
}

/** MCP over standard input and output, until the input ends. */
export async function serveMcpOverStdio(caller: Caller, options: StdioOptions): Promise<void> {
  const { input, output, version, onError } = options
  const server = serveStdio(() => createServer(caller, version), {
    transport: new StdioServerTransport(input, output),
    onerror: onError,
  })
  await finished(input, { writable: false })
  await server.close()
}
