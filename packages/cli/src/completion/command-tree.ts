import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { ListOption } from '../commands/option-values.ts'

/** An option as shells complete it. */
export interface CompletedOption {
  /** `-f`, `--follow` */
  readonly flags: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  /** null: any value. */
  readonly choices: readonly string[] | null
  /** Several of the choices, separated by commas. */
  readonly isList: boolean
}

/** A command as shells complete it. */
export interface CompletedCommand {
  /** `tasks list`; empty for the program itself. */
  readonly path: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly description: string
  readonly options: readonly CompletedOption[]
  readonly commands: readonly CompletedCommand[]
  /** Of its first argument; null: anything. */
  readonly choices: readonly string[] | null
}

/** The whole command line in the form that completion needs; global options stand with every command. */
export function commandTree(program: CommandUnknownOpts): CompletedCommand {
  return describe(program, '', optionsOf(program))
}

function describe(
  command: CommandUnknownOpts,
  path: string,
  inherited: readonly CompletedOption[],
): CompletedCommand {
  const own = path === '' ? [] : optionsOf(command)
  const [argument] = command.registeredArguments
  return {
    path,
    name: command.name(),
    aliases: command.aliases(),
    description: firstSentence(command.description()),
    options: [...own, ...inherited.filter(({ flags }) => !own.some((option) => sharesFlag(option, flags)))],
    commands: command.commands.map((child) => describe(child, `${path} ${child.name()}`.trim(), inherited)),
    choices: argument?.argChoices ?? null,
  }
}

function optionsOf(command: CommandUnknownOpts): CompletedOption[] {
  const options = command.createHelp().visibleOptions(command)
  return options.map((option) => ({
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: firstSentence(option.description),
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? null,
    isList: option instanceof ListOption,
  }))
}

/** `--help` is an option of each command and of the program. */
function sharesFlag(option: CompletedOption, flags: readonly string[]): boolean {
  return option.flags.some((flag) => flags.includes(flag))
}

function firstSentence(text: string): string {
  return (/^.*?[.:;](?= |$)/.exec(text)?.[0] ?? text).replace(/[.:;]$/, '')
}

/** A command and all below it. */
export function withDescendants(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.commands.flatMap(withDescendants)]
}
