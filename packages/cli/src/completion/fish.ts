import { withDescendants, type CompletedCommand, type CompletedOption } from './command-tree.ts'

/** A script that fish sources, or finds as completions/switchyard.fish. */
export function fishCompletion(program: CompletedCommand): string {
  const commands = withDescendants(program)
  return `# Completion of switchyard for fish. Load it: switchyard completion fish | source
function __switchyard_at
    set -l at ''
    for word in (commandline -opc)[2..]
        # Behind -- stands a command of another program.
        test "$word" = --; and return 1
        switch "$at:$word"
${commands.flatMap(stepsInto).join('\n')}
        end
    end
    test "$at" = "$argv"
end
function __switchyard_list
    # Each word behind what of a list has been typed: a,b, of a,b,c
    set -l listed (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '.*,')
    printf '%s\\n' "$listed"$argv
end
complete -c switchyard -f
${commands.flatMap(offersOf).join('\n')}
`
}

function stepsInto({ path, commands }: CompletedCommand): string[] {
  return commands.map((child) => {
    const patterns = [child.name, ...child.aliases].map((name) => quoted(`${path}:${name}`))
    return `            case ${patterns.join(' ')}\n                set at ${quoted(child.path)}`
  })
}

function offersOf({ path, commands, options, choices }: CompletedCommand): string[] {
  const here = `complete -c switchyard -n ${quoted(`__switchyard_at ${quoted(path)}`)}`
  return [
    ...commands.map(({ name, description }) => `${here} -a ${quoted(name)} -d ${quoted(description)}`),
    ...(choices === null ? [] : [`${here} -a ${quoted(choices.join(' '))}`]),
    ...options.map((option) => `${here} ${optionOf(option)}`),
  ]
}

function optionOf({ flags, description, takesValue, choices, isList }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const offered = choices?.join(' ') ?? ''
  const value =
    choices === null ? '-r -F' : `-x -a ${quoted(isList ? `(__switchyard_list ${offered})` : offered)}`
  return [...names, ...(takesValue ? [value] : []), `-d ${quoted(description)}`].join(' ')
}

/** Within single quotes fish knows two escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
}
