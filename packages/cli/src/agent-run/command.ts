import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { isAgentId, withArguments } from '@switchyard/core'
import { presetOption, wholeNumber, words } from '../commands/option-values.ts'
import { Failure } from '../failure.ts'
import { globalOptions, outputFor } from '../session.ts'
import { resolveSettings } from '../settings/settings.ts'
import type { World } from '../world.ts'

const WEEK_SECONDS = 7 * 24 * 3600

/** `switchyard agent …` */
export function agentCommand(world: World) {
  return new Command('agent').description('Be an agent.').addCommand(agentRunCommand(world))
}

function agentRunCommand(world: World) {
  return new Command('run')
    .description(
      'Take tasks and run a command on each: the prompt is its standard input, its output the log, its exit code the outcome.',
    )
    .argument('[command...]', 'the command, behind --; with --preset: arguments to add to it')
    .addOption(presetOption('run a coding agent that is known, with nobody watching'))
    .option('--id <id>', 'the name of this agent (default: the name of this machine)')
    .option(
      '--labels <labels>',
      'what it offers, comma separated: it gets the tasks that require no more',
      words,
    )
    .option('--max-concurrent <number>', 'how many tasks at once', wholeNumber(1, 1000), 1)
    .option('--timeout <seconds>', 'the time limit of one run', wholeNumber(1, WEEK_SECONDS), 3600)
    .option(
      '--drain <seconds>',
      'how long running commands may go on after SIGTERM',
      wholeNumber(0, WEEK_SECONDS),
      600,
    )
    .option('--state-dir <directory>', 'tokens and run folders (default: ~/.local/state/switchyard)')
    .option(
      '--repository-url <template>',
      'clone the repository of the task into its directory; such as https://forge.example.org/{repository}.git',
    )
    .option('--keep-work', 'leave the run folders where they are')
    .option('--replace-token', 'take over an agent of this id whose token is not kept here')
    .addHelpText(
      'after',
      `
A token that may register agents is needed once; the agent keeps its own in a file that only you can read.

Examples:
  $ switchyard agent run --labels linux --preset claude
  $ switchyard agent run --preset claude -- --model sonnet
  $ switchyard agent run --id builder --max-concurrent 4 -- ./work-on-it.sh`,
    )
    .action(async (argv, given, command) => {
      const run = withArguments(given.preset, argv)
      const [program, ...args] = run.command
      if (program === undefined) {
        throw new Failure(
          'usage',
          'It is not said what to run.',
          'Name a preset, as in: switchyard agent run --preset claude; or put the command behind --.',
        )
      }
      const options = {
        agentId: agentIdOf(given.id),
        labels: given.labels,
        maxConcurrent: given.maxConcurrent,
        timeoutSeconds: given.timeout,
        drainSeconds: given.drain,
        keepWork: given.keepWork === true,
        replaceToken: given.replaceToken === true,
        repositoryUrl: repositoryTemplate(given.repositoryUrl),
        command: [program, ...args] as const,
        env: run.env,
        stateDirectory:
          given.stateDir === undefined
            ? stateDirectoryOf(world)
            : resolve(world.workingDirectory, given.stateDir),
      }
      const settings = await resolveSettings(world, globalOptions(command))
      // Loaded by the one command that needs it.
      const { agentRun } = await import('./agent-run.ts')
      await agentRun(world, settings, options, outputFor(world, command))
    })
}

function repositoryTemplate(given: string | undefined): string | undefined {
  if (given === undefined || (given.includes('{repository}') && !given.startsWith('-'))) return given
  throw new Failure(
    'usage',
    `--repository-url: “${given}” does not say where the name goes.`,
    'It looks like https://forge.example.org/{repository}.git',
  )
}

function agentIdOf(given: string | undefined): string {
  const id =
    given ??
    hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 64)
  if (isAgentId(id)) return id
  throw new Failure(
    'usage',
    `“${id}” cannot be the id of an agent.`,
    'It takes lower case letters, digits, “.”, “_” and “-”: --id builder-1',
  )
}

/** https://specifications.freedesktop.org/basedir-spec/ */
function stateDirectoryOf({ env, homeDirectory }: World): string {
  const state = env['XDG_STATE_HOME'] ?? ''
  return join(state.startsWith('/') ? state : join(homeDirectory, '.local', 'state'), 'switchyard')
}
