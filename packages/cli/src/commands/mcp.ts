import { Writable } from 'node:stream'
import { Command } from '@commander-js/extra-typings'
import { createClient } from '@switchyard/client'
import { terminalText } from '../output/terminal-text.ts'
import { globalOptions } from '../session.ts'
import { resolveSettings } from '../settings/settings.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'

/** A restart of the API is shorter than this; the model that waits should not hear of it. */
const RETRY_SECONDS = 20

/** `switchyard mcp`: the tools for language models, on standard input and output. */
export function mcpCommand(world: World) {
  const command = new Command('mcp')
    .description(
      'Serve MCP on standard input and output: tools with which a language model creates, watches, takes and reports tasks. Its client starts it; the API serves the same at /mcp.',
    )
    .option('--agent-id <id>', 'who takes tasks when the model names nobody')
    .action(async ({ agentId }, self) => {
      const settings = await resolveSettings(world, globalOptions(self))
      // Not needed, and slow to load, for every other command.
      const { serveMcpOverStdio } = await import('@switchyard/mcp')
      const token = settings.token ?? undefined
      const caller = {
        api: createClient({ baseUrl: settings.url, token, retrySeconds: RETRY_SECONDS }),
        role: null,
        agentId: agentId ?? null,
      }
      const say = (line: string): void => void world.stderr.write(`${terminalText(line)}\n`)
      say(`MCP for ${settings.url}, with the token from ${settings.tokenFrom ?? 'nowhere'}.`)
      await serveMcpOverStdio(caller, {
        input: world.stdin,
        output: writable(world.stdout),
        version: world.version,
        onError: (error) => say(`error: ${error.message}`),
      })
    })
  return withExamples(
    command,
    'mcp',
    'mcp --context work',
    'mcp --agent-id builder --token-file ~/.config/switchyard/builder',
  )
}

function writable(output: World['stdout']): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      output.write(text)
      done()
    },
  })
}
