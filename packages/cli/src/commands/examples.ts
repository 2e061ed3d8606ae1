import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** Adds examples to the help of a command: each a line as it is typed, without `switchyard` in front. */
export function withExamples<C extends CommandUnknownOpts>(command: C, ...examples: readonly string[]): C {
  const lines = examples.map((example) => `  $ switchyard ${example}`)
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  return command
}
