import { Command } from '@commander-js/extra-typings'
import type { RegisteredAgent } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { withSession } from '../../session.ts'
import { writeSecretFile } from '../../settings/secret-file.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { wholeNumber, words } from '../option-values.ts'

const OUT_OPTION = [
  '--token-out <file>',
  'write the token to this file (mode 600) and do not print it',
] as const

/** `switchyard agents register`, `switchyard tokens create` */
export function registerAgent(world: World, name = 'register', path = `agents ${name}`) {
  const command = new Command(name)
    .description('Register an agent that pulls tasks, and get its token. The token is shown this once.')
    .argument('<agent>', 'the id that it is to have')
    .option('-l, --labels <labels>', 'what it offers, comma separated', words)
    .option('--description <text>', 'what it is, for people')
    .option(
      '--max-concurrent <number>',
      'how many tasks it holds at most (default: no limit)',
      wholeNumber(1),
    )
    .option(...OUT_OPTION)
    .action((id, options) =>
      withSession(world, command, async ({ api, out }) => {
        const registered = await api.registerAgent({
          id,
          labels: options.labels,
          description: options.description,
          max_concurrent: options.maxConcurrent,
        })
        await handOver(registered, options.tokenOut, out, 'is registered')
      }),
    )
  return withExamples(
    command,
    `${path} claude-laptop --labels linux,gpu`,
    `${path} builder --labels docker --token-out ~/.config/switchyard/builder-token`,
  )
}

/** `switchyard agents token`, `switchyard tokens rotate` */
export function replaceToken(world: World, name = 'token', path = `agents ${name}`) {
  const command = new Command(name)
    .description('Get a new token for an agent. The old one stops working at once.')
    .argument('<agent>', 'its id')
    .option(...OUT_OPTION)
    .action((id, { tokenOut }) =>
      withSession(world, command, async ({ api, out }) => {
        const registered = await api.replaceAgentToken({ agent_id: id })
        await handOver(registered, tokenOut, out, 'has a new token')
      }),
    )
  return withExamples(command, `${path} claude-laptop`, `${path} builder --token-out /run/secrets/builder`)
}

/** The token alone on standard output, so that scripts can take it; what is to be said about it beside. */
async function handOver(
  registered: RegisteredAgent,
  file: string | undefined,
  out: Output,
  happened: string,
): Promise<void> {
  const { agent, token } = registered
  if (file !== undefined) {
    await writeSecretFile(file, token)
    out.show({ agent }, () => `${terminalLine(agent.id)} ${happened}; the token is in ${file}.\n`)
    return
  }
  out.show(registered, () => `${token}\n`)
  if (!out.isJson)
    out.note(out.style.dim(`${terminalLine(agent.id)} ${happened}. The token is not shown again: keep it.`))
}
