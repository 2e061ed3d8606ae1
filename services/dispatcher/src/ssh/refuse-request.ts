import type { RunRequest } from './run-result.ts'

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Says what in a request no host could be asked to do; null when all of it can. */
export function refuseRequest(
  request: Pick<RunRequest, 'command' | 'workdir' | 'environment'>,
): string | null {
  const { command, workdir, environment } = request
  if (command.length === 0 || command[0] === '') return 'the command is empty'
  if ([...command, workdir ?? ''].some(hasNul)) return 'the command or the workdir contains a NUL character'
  for (const [name, value] of Object.entries(environment)) {
    if (!VARIABLE_NAME.test(name))
      return `${JSON.stringify(name)} cannot be the name of an environment variable`
    if (name.startsWith('_sy_')) return `environment variables that begin with _sy_ are reserved (${name})`
    if (hasNul(value)) return `the environment variable ${name} contains a NUL character`
  }
  return null
}

function hasNul(value: string): boolean {
  return value.includes('\0')
}
