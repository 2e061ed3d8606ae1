import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { agentCommand } from './agent-run/command.ts'
import { agentsCommand } from './commands/agents.ts'
import { completionCommand } from './commands/completion.ts'
import { configCommand } from './commands/config.ts'
import { deliveriesCommand } from './commands/deliveries.ts'
import { eventsCommand } from './commands/events.ts'
import { hostsCommand } from './commands/hosts.ts'
import { mcpCommand } from './commands/mcp.ts'
import { migrateCommand } from './commands/migrate.ts'
import { queueCommand } from './commands/queue.ts'
import { tasksCommand } from './commands/tasks.ts'
import { tokensCommand } from './commands/tokens.ts'
import { webhookCommand } from './commands/webhook.ts'
import { upCommand } from './commands/up.ts'
import { EXIT_CODES } from './exit-codes.ts'
import type { World } from './world.ts'

const WIDEST_HELP = 120

/** The whole command line. Commands throw Failure for every expected ending; `run` turns it into words and an exit code. */
export function createProgram(world: World): CommandUnknownOpts {
  const program = new Command('switchyard')
    .description('One queue between a Forgejo or Gitea forge and your coding agents.')
    .version(world.version, '-V, --version', 'print the version')
    .option('--url <url>', 'the API; also SWITCHYARD_URL')
    .option(
      '--token <token>',
      'who you are; other users of the machine can see it, SWITCHYARD_TOKEN they cannot',
    )
    .option('--token-file <file>', 'a file with the token; also SWITCHYARD_TOKEN_FILE')
    .option('--context <name>', 'an entry of the configuration file')
    .option('--config <file>', 'the configuration file (default: ~/.config/switchyard/config.yaml)')
    .option('--json', "print the API's answers, one JSON document on each line")
    .option('--color', 'colours, also when the output is no terminal')
    .option('--no-color', 'no colours; also NO_COLOR')
    .addHelpText('after', footer())
  program
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('Help: add --help to the command.')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      getOutHelpWidth: () => Math.min(world.stdout.columns ?? WIDEST_HELP, WIDEST_HELP),
      getErrHelpWidth: () => Math.min(world.stderr.columns ?? WIDEST_HELP, WIDEST_HELP),
    })
  const all = [...commands(world), completionCommand(world, () => program)]
  for (const command of all) program.addCommand(command)
  inheritSettings(program)
  return program
}

/** A command that is added, and not made by its parent, has settings of its own: without these it would end the process by itself. */
function inheritSettings(parent: CommandUnknownOpts): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent)
    command.helpOption('-h, --help', 'print this help')
    inheritSettings(command)
  }
  parent.helpOption('-h, --help', 'print this help')
  if (parent.commands.length > 0) parent.helpCommand('help [command]', 'print the help of a command')
}

/** In the order of the help. */
function commands(world: World): CommandUnknownOpts[] {
  return [
    upCommand(world),
    agentCommand(world),
    tasksCommand(world),
    agentsCommand(world),
    hostsCommand(world),
    queueCommand(world),
    eventsCommand(world),
    mcpCommand(world),
    webhookCommand(world),
    deliveriesCommand(world),
    tokensCommand(world),
    configCommand(world),
    migrateCommand(world),
  ]
}

function footer(): string {
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code)}  ${meaning}`)
  return `
Examples:
  $ switchyard up
  $ switchyard tasks create "Say hello" --prompt "Write one friendly sentence."
  $ switchyard tasks list --status pending,running
  $ switchyard queue

Exit codes:
${codes.join('\n')}`
}
