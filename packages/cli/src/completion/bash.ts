import { withDescendants, type CompletedCommand } from './command-tree.ts'

/** A script that bash sources. It walks over the words of the command line to the command that they name, and offers what can follow. */
export function bashCompletion(program: CompletedCommand): string {
  const commands = withDescendants(program)
  return `# Completion of switchyard for bash. Load it: source <(switchyard completion bash)
_switchyard() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" at="" index offered=""
  # What of a list has been typed: a, and a,b, of a,b,c
  local listed="\${current%"\${current##*,}"}"
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    # Behind -- stands a command of another program.
    if [[ \${COMP_WORDS[index]} == -- ]]; then compopt -o default; return; fi
    case "$at:\${COMP_WORDS[index]}" in
${commands.flatMap(stepsInto).join('\n')}
    esac
  done
  case "$at:$previous" in
${commands.flatMap(valuesOf).join('\n')}
  esac
  case "$at" in
${commands.map(offersOf).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -F _switchyard switchyard
`
}

function stepsInto({ path, commands }: CompletedCommand): string[] {
  return commands.map((child) => {
    const patterns = [child.name, ...child.aliases].map((name) => quoted(`${path}:${name}`))
    return `      ${patterns.join(' | ')}) at=${quoted(child.path)} ;;`
  })
}

function valuesOf({ path, options }: CompletedCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, choices, isList }) => {
      const patterns = flags.map((flag) => quoted(`${path}:${flag}`)).join(' | ')
      if (choices === null) return `    ${patterns}) compopt -o default; return ;;`
      const words = `-W ${quoted(choices.join(' '))}`
      return isList
        ? `    ${patterns}) compopt -o nospace; COMPREPLY=($(compgen -P "$listed" ${words} -- "\${current##*,}")); return ;;`
        : `    ${patterns}) COMPREPLY=($(compgen ${words} -- "$current")); return ;;`
    })
}

function offersOf({ path, commands, options, choices }: CompletedCommand): string {
  const words = [
    ...commands.map(({ name }) => name),
    ...(choices ?? []),
    ...options.flatMap(({ flags }) => flags),
  ]
  return `    ${quoted(path)}) offered=${quoted(words.join(' '))} ;;`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
