import type { LaunchRequest } from './results.ts'

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Says what in a request no host could be asked to do; null when all of it can. */
export function refuseRequest(
  request: Pick<LaunchRequest, 'root' | 'id' | 'command' | 'workdir' | 'environment'>,
): string | null {
  const { root, id, command, workdir, environment } = request
  if (!RUN_ID.test(id))
    return `${JSON.stringify(id)} cannot be the id of a run: it would be no name of a folder`
  if (command.length === 0 || command[0] === '') return 'the command is empty'
  if ([...command, workdir ?? '', root ?? ''].some(hasNul))
    return 'the command, the workdir or the directory of runs contains a NUL character'
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
