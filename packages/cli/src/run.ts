import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { EXIT_CODES } from './exit-codes.ts'
import { Failure, SilentExit } from './failure.ts'
import { createStyle, wantsColours } from './output/style.ts'
import { terminalText } from './output/terminal-text.ts'
import { createProgram } from './program.ts'
import { globalOptions } from './session.ts'
import type { World } from './world.ts'

/** Runs one command line. Resolves to the exit code; what went wrong has been printed. */
export async function run(args: readonly string[], world: World): Promise<number> {
  const program = createProgram(world)
  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT_CODES.ok.code
  } catch (error) {
    // Help and version end like this too, with 0; every other complaint of the parser is about the command line.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code
    if (error instanceof SilentExit) return error.exitCode
    const failure = error instanceof Failure ? error : mistake(error)
    report(failure, world, program)
    return EXIT_CODES[failure.ending].code
  }
}

/** What nobody expected. */
function mistake(error: unknown): Failure {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new Failure('failed', 'This is a mistake in switchyard, not yours.', words)
}

/** Words of the API, and of hosts, may stand in it. */
function report(failure: Failure, { stdout, stderr, env }: World, program: CommandUnknownOpts): void {
  const { json = false, color } = globalOptions(program)
  if (failure.document !== null && json) stdout.write(`${JSON.stringify(failure.document)}\n`)
  const style = createStyle(wantsColours(stderr, env, color))
  stderr.write(`${style.red('error:')} ${terminalText(failure.message)}\n`)
  if (failure.next !== null) stderr.write(`${terminalText(failure.next).replaceAll(/^/gm, '  ')}\n`)
}
