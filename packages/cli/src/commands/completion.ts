import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { bashCompletion } from '../completion/bash.ts'
import { commandTree } from '../completion/command-tree.ts'
import { fishCompletion } from '../completion/fish.ts'
import { zshCompletion } from '../completion/zsh.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** `switchyard completion` */
export function completionCommand(world: World, program: () => CommandUnknownOpts) {
  const command = new Command('completion')
    .description('Print a script that completes command lines of switchyard in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish'] as const))
    .action((shell) => void world.stdout.write(SHELLS[shell](commandTree(program()))))
  return withExamples(
    command,
    'completion bash > ~/.local/share/bash-completion/completions/switchyard',
    'completion zsh > ~/.zfunc/_switchyard            # a directory of your fpath',
    'completion fish > ~/.config/fish/completions/switchyard.fish',
  )
}
