import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { VersionNegotiationMode } from '@modelcontextprotocol/client'

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/switchyard.js', import.meta.url))

/** What a model gets from a tool. */
export interface ToolResult {
  readonly isError: boolean
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface McpClient {
  readonly client: Client
  call(tool: string, input?: Readonly<Record<string, unknown>>): Promise<ToolResult>
}

export type Transport = 'stdio' | 'http'
/** A revision that needs no session, or the handshake of those before it. */
export type Revision = Extract<VersionNegotiationMode, string> | '2026-07-28'

/** The official client, connected to the tools of the API at `url`. Reject as `connect` of the client does. */
export async function connectMcp(
  url: string,
  token: string,
  { transport, revision }: { readonly transport: Transport; readonly revision: Revision },
): Promise<McpClient> {
  const mode: VersionNegotiationMode =
    revision === 'legacy' || revision === 'auto' ? revision : { pin: revision }
  const client = new Client({ name: 'tests', version: '1.0.0' }, { versionNegotiation: { mode } })
  await client.connect(
    transport === 'http'
      ? new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
          requestInit: { headers: { authorization: `Bearer ${token}` } },
        })
      : new StdioClientTransport({
          command: process.execPath,
          args: [PROGRAM, 'mcp'],
          env: { SWITCHYARD_URL: url, SWITCHYARD_TOKEN: token, HOME: tmpdir() },
          stderr: 'ignore',
        }),
  )
  return {
    client,
    async call(tool, input = {}) {
      const result = await client.callTool({ name: tool, arguments: { ...input } })
      const content = result.content as readonly { readonly text?: string }[]
      return {
        isError: result.isError === true,
        text: content.map(({ text = '' }) => text).join('\n'),
        data: (result.structuredContent ?? {}) as Record<string, unknown>,
      }
    },
  }
}
