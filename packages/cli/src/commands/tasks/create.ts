import { Command, Option } from '@commander-js/extra-typings'
import {
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_PRIORITY,
  EXECUTION_MODES,
  LEAST_URGENT,
  MOST_ATTEMPTS,
  MOST_URGENT,
} from '@switchyard/core'
import { Failure } from '../../failure.ts'
import { readAll } from '../../input.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { idempotencyKey, wholeNumber, words } from '../option-values.ts'

/** `switchyard tasks create` */
export function createTask(world: World) {
  const command = new Command('create')
    .description('Put a task into the queue.')
    .argument('<title>', 'what it is called in lists')
    .option('-p, --prompt <text>', 'what the agent is to do; without it, it is read from standard input')
    .option('--prompt-file <file>', 'a file with what the agent is to do')
    .option('-r, --requires <labels>', 'labels that the agent must offer, comma separated', words)
    .option(
      '--priority <number>',
      `1 is urgent, 4 is low (default: ${String(DEFAULT_PRIORITY)})`,
      wholeNumber(MOST_URGENT, LEAST_URGENT),
    )
    .addOption(
      new Option('--mode <track>', 'the track, instead of the one that is first').choices(EXECUTION_MODES),
    )
    .option('--repository <name>', 'the repository that it is about: acme/shop')
    .option(
      '--max-attempts <number>',
      `how often it is tried (default: ${String(DEFAULT_MAX_ATTEMPTS)})`,
      wholeNumber(1, MOST_ATTEMPTS),
    )
    .option('--at <time>', 'not before this instant, such as 2027-01-31T18:00:00Z')
    .option('--concurrency-key <text>', 'of the unfinished tasks with one key, one at a time')
    .option('--idempotency-key <text>', 'the same key once more gives the same task', idempotencyKey)
    .action((title, options) =>
      withSession(world, command, async ({ api, out }) => {
        const task = await api.createTask({
          title,
          prompt: await readPrompt(world, options),
          requires: options.requires,
          priority: options.priority,
          execution_mode: options.mode,
          max_attempts: options.maxAttempts,
          run_at: options.at,
          concurrency_key: options.concurrencyKey,
          source: options.repository === undefined ? undefined : { repository: options.repository },
          idempotency_key: options.idempotencyKey,
        })
        out.show(task, () => `${task.id}\n`)
        if (out.isTerminal && !out.isJson)
          out.note(out.style.dim(`Follow it: switchyard tasks logs -f ${task.id}`))
      }),
    )
  return withExamples(
    command,
    'tasks create "Say hello" --prompt "Write one friendly sentence."',
    'tasks create "Fix the build" --requires linux,docker --repository acme/shop < prompt.md',
    'tasks create "Nightly report" --prompt-file report.md --at 2027-01-31T18:00:00Z --json',
  )
}

async function readPrompt(
  world: World,
  options: { readonly prompt?: string | undefined; readonly promptFile?: string | undefined },
): Promise<string> {
  if (options.prompt !== undefined && options.promptFile !== undefined) {
    throw new Failure('usage', 'Give either --prompt or --prompt-file, not both.')
  }
  if (options.prompt !== undefined) return options.prompt
  return readAll(world, options.promptFile ?? '-', 'the prompt')
}
