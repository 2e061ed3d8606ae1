import { McpServer } from '@modelcontextprotocol/server'
import type { Client } from '@switchyard/client'
import type { Role } from '@switchyard/contract'
import { INSTRUCTIONS } from './instructions.ts'
import { answered, failed } from './result.ts'
import { rolesOf } from './tool.ts'
import { TOOLS } from './tools.ts'
import { inputSchema, outputSchema } from './validators.ts'

/** Who calls the tools, as far as that is known. */
export interface Caller {
  /** Speaks to the API with the caller's token. */
  readonly api: Client
  /** null: not known; then all tools are shown and the API decides. */
  readonly role: Role | null
  readonly agentId: string | null
  /** Aborts when the caller is gone. */
  readonly signal?: AbortSignal
}

/** Made once: a server is made for every request. */
const REGISTERED = TOOLS.map((tool) => ({
  tool,
  inputSchema: inputSchema(tool.input),
  outputSchema: outputSchema(tool.output),
}))

/** A server with the tools that the caller's role may use. */
export function createServer(caller: Caller, version: string): McpServer {
  const server = new McpServer({ name: 'switchyard', version }, { instructions: INSTRUCTIONS })
  const { role } = caller
  for (const registered of REGISTERED) {
    if (role === null || rolesOf(registered.tool).includes(role)) register(server, registered, caller)
  }
  return server
}

function register(
  server: McpServer,
  { tool, ...schemas }: (typeof REGISTERED)[number],
  { api, agentId, signal }: Caller,
): void {
  server.registerTool(
    tool.name,
    {
      title: tool.title,
      description: tool.description,
      ...schemas,
      annotations: {
        title: tool.title,
        readOnlyHint: tool.effect === 'reads',
        destructiveHint: tool.effect === 'ends',
        idempotentHint: tool.repeatable,
        openWorldHint: false,
      },
    },
    async (input, context) => {
      const signals = [context.mcpReq.signal, ...(signal === undefined ? [] : [signal])]
      try {
        return answered(await tool.run(input, { api, agentId, signal: AbortSignal.any(signals) }))
      } catch (error) {
        return failed(error, tool)
      }
    },
  )
}
