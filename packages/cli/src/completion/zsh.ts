import { withDescendants, type CompletedCommand } from './command-tree.ts'

/** A script for zsh: sourced, or found as `_switchyard` in a directory of fpath. */
export function zshCompletion(program: CompletedCommand): string {
  const commands = withDescendants(program)
  return `#compdef switchyard
# Completion of switchyard for zsh. Load it: source <(switchyard completion zsh), after compinit
_switchyard() {
  local at="" word previous="\${words[CURRENT-1]}"
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    # Behind -- stands a command of another program.
    if [[ $word == -- ]]; then _files; return; fi
    case "$at:$word" in
${commands.flatMap(stepsInto).join('\n')}
    esac
  done
  case "$at:$previous" in
${commands.flatMap(valuesOf).join('\n')}
  esac
  case "$at" in
${commands.map(offersOf).join('\n')}
  esac
  _describe -t switchyard 'switchyard' offered
}
if [[ \${funcstack[1]} == _switchyard ]]; then _switchyard "$@"; else compdef _switchyard switchyard; fi
`
}

function stepsInto({ path, commands }: CompletedCommand): string[] {
  return commands.map((child) => {
    const patterns = [child.name, ...child.aliases].map((name) => quoted(`${path}:${name}`))
    return `      ${patterns.join('|')}) at=${quoted(child.path)} ;;`
  })
}

function valuesOf({ path, options }: CompletedCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, choices, isList }) => {
      const patterns = flags.map((flag) => quoted(`${path}:${flag}`)).join('|')
      const add = isList ? `compset -P '*,'; compadd -q -S ,` : 'compadd'
      const action = choices === null ? '_files' : `${add} -- ${choices.map(quoted).join(' ')}`
      return `    ${patterns}) ${action}; return ;;`
    })
}

function offersOf({ path, commands, options, choices }: CompletedCommand): string {
  const offers = [
    ...commands.map(({ name, description }) => described(name, description)),
    ...(choices ?? []).map((choice) => described(choice, '')),
    ...options.flatMap(({ flags, description }) => flags.map((flag) => described(flag, description))),
  ]
  return `    ${quoted(path)}) offered=(${offers.join(' ')}) ;;`
}

function described(word: string, description: string): string {
  const name = word.replaceAll(':', String.raw`\:`)
  return quoted(description === '' ? name : `${name}:${description}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
