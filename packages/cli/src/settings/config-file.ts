import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Failure } from '../failure.ts'
import type { World } from '../world.ts'
import { readPrivateFile } from './secret-file.ts'

/** One API that the configuration file knows. */
export interface Context {
  readonly url: string
  readonly token: string | null
  /** Absolute. */
  readonly tokenFile: string | null
}

export interface ConfigFile {
  readonly path: string
  /** The context that is used when none is named; null: none. */
  readonly current: string | null
  readonly contexts: ReadonlyMap<string, Context>
}

/** `--config`, else config.yaml under XDG_CONFIG_HOME (https://specifications.freedesktop.org/basedir-spec/), else under ~/.config. */
export function configPath(world: World, flag: string | undefined): string {
  if (flag !== undefined) return resolve(world.workingDirectory, flag)
  const home = world.env['XDG_CONFIG_HOME'] ?? ''
  const base = home.startsWith('/') ? home : join(world.homeDirectory, '.config')
  return join(base, 'switchyard', 'config.yaml')
}

/** Reads the configuration file; one that is not there is empty, unless it was named. Throws Failure with what is wrong in it. */
export async function readConfigFile(world: World, flag: string | undefined): Promise<ConfigFile> {
  const path = configPath(world, flag)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    if (flag === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) return null
    throw new Failure('usage', `The configuration file ${path} cannot be read: ${message}.`)
  })
  if (text === null) return { path, current: null, contexts: new Map() }
  const file = await parseConfigFile(path, text, world.homeDirectory)
  // One without a token in it may be shared.
  if ([...file.contexts.values()].some(({ token }) => token !== null)) await readPrivateFile(path)
  return file
}

/** `current`, and `contexts` with `url` and `token` or `token_file`; a file for one API has `url` and the rest at its top. */
async function parseConfigFile(path: string, text: string, home: string): Promise<ConfigFile> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) throw wrong(path, error.message)
  const root = membersOf(document.toJS(), path, 'the file')
  const known = ['current', 'contexts', ...MEMBERS]
  refuseUnknown(root, known, path, 'the file')
  const contexts = new Map<string, Context>()
  for (const [name, value] of Object.entries(membersOf(root['contexts'] ?? {}, path, 'contexts'))) {
    contexts.set(
      name,
      readContext(membersOf(value, path, `contexts.${name}`), path, home, `contexts.${name}`),
    )
  }
  if (MEMBERS.some((member) => root[member] !== undefined)) {
    const only = Object.fromEntries(MEMBERS.map((member) => [member, root[member]]))
    contexts.set(DEFAULT_NAME, readContext(only, path, home, 'the file'))
  }
  const [first, ...others] = contexts.keys()
  const current = textOf(root['current'], path, 'current')
  return { path, contexts, current: current ?? (others.length === 0 ? (first ?? null) : null) }
}

const MEMBERS = ['url', 'token', 'token_file'] as const
const DEFAULT_NAME = 'default'

function readContext(value: Record<string, unknown>, path: string, home: string, where: string): Context {
  refuseUnknown(value, MEMBERS, path, where)
  const url = textOf(value['url'], path, `${where}: url`)
  if (url === null) throw wrong(path, `${where}: url is missing`)
  const tokenFile = textOf(value['token_file'], path, `${where}: token_file`)
  const token = textOf(value['token'], path, `${where}: token`)
  if (token !== null && tokenFile !== null) throw wrong(path, `${where}: it has both token and token_file`)
  return {
    url,
    token,
    tokenFile: tokenFile === null ? null : resolve(dirname(path), underHome(tokenFile, home)),
  }
}

function underHome(path: string, home: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path
}

function membersOf(value: unknown, path: string, where: string): Record<string, unknown> {
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(path, `${where} is not a mapping`)
  return value as Record<string, unknown>
}

function refuseUnknown(
  value: Record<string, unknown>,
  known: readonly string[],
  path: string,
  where: string,
): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw wrong(path, `${where}: “${unknown}” is not known; known are ${known.join(', ')}`)
}

function textOf(value: unknown, path: string, where: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || value === '') throw wrong(path, `${where} is not a text`)
  return value
}

function wrong(path: string, what: string): Failure {
  return new Failure('usage', `The configuration file ${path} cannot be used: ${what.trimEnd()}.`)
}
