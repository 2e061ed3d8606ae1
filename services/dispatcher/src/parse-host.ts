import { ENVIRONMENT_NAME, Host, HOST_DEFAULTS, HostDefinition as WireDefinition } from '@switchyard/contract'
import {
  contradictionIn,
  isPresetName,
  normalizeLabels,
  PRESET_NAMES,
  resolveCommand,
} from '@switchyard/core'
import {
  isNothing,
  readEntries,
  readFlag,
  readItems,
  readMapping,
  readRawText,
  readText,
  readTexts,
  readWholeNumber,
  reportAt,
  reportExpected,
} from '@switchyard/platform'
import type { PresetName } from '@switchyard/core'
import type { YamlReading, YamlValue } from '@switchyard/platform'
import type { HostToPut } from '@switchyard/store'

/** The keys of a host in the file: those of `PUT /hosts/{id}`, and the id itself. */
export const HOST_KEYS: readonly string[] = ['id', ...Object.keys(WireDefinition.properties)]

/**
 * One host of the file; null when what it needs is missing or wrong. Every mistake is reported. Where the file does not say
 * `paused`, what was said through the API stays.
 */
export function parseHost(reading: YamlReading, value: YamlValue, home: string): HostToPut | null {
  const members = readMapping(reading, value, HOST_KEYS)
  if (members === null) return null
  const required = (key: string): YamlValue =>
    members.get(key) ?? { ...value, node: null, path: `${value.path}.${key}` }
  const optional = <T>(key: string, read: (at: YamlValue) => T | null): T | null => {
    const at = members.get(key)
    return at === undefined || isNothing(at) ? null : read(at)
  }

  const id = readMatching(
    reading,
    required('id'),
    'id',
    'an id of lower-case letters, digits, dots, hyphens and underscores, at most 64 characters',
  )
  const address = readMatching(reading, required('address'), 'address', 'a host name or an IP address')
  const user = readMatching(reading, required('user'), 'user', 'the user to log in as')
  const hostKeySha256 = readMatching(
    reading,
    required('host_key_sha256'),
    'host_key_sha256',
    'the fingerprint SHA256:… of the host key, as ssh-keygen -lf prints it',
  )
  const choice = {
    preset: optional('preset', (at) => readPreset(reading, at)),
    command: optional('command', (at) => readCommand(reading, at)),
    env: optional('env', (at) => readEnvironment(reading, at)) ?? {},
  }
  const run = resolveCommand(choice)
  // One that is there and cannot be read is not missing as well.
  const isUnreadable = (key: 'preset' | 'command'): boolean => members.has(key) && choice[key] === null
  if (!run.ok && !isUnreadable('preset') && !isUnreadable('command')) {
    const at = required('command')
    reportAt(reading, at.offset, `${at.path}: ${run.message}`)
  }
  const host = {
    port: optional('port', (at) => readWithin(reading, at, 'port')) ?? HOST_DEFAULTS.port,
    privateKeyPath: optional('private_key_path', (at) => readKeyPath(reading, at, home)),
    privateKeyPassphraseVariable: optional('private_key_passphrase_variable', (at) =>
      readMatching(
        reading,
        at,
        'private_key_passphrase_variable',
        'the name of an environment variable that begins with SSH_PASSPHRASE_',
      ),
    ),
    passwordVariable: optional('password_variable', (at) =>
      readMatching(
        reading,
        at,
        'password_variable',
        'the name of an environment variable that begins with SSH_PASSWORD_',
      ),
    ),
    proxyJump: optional('proxy_jump', (at) =>
      readMatching(reading, at, 'proxy_jump', 'the id of the host through which this one is reached'),
    ),
    labels: optional('labels', (at) => readLabels(reading, at)) ?? [],
    maxConcurrent:
      optional('max_concurrent', (at) => readWithin(reading, at, 'max_concurrent')) ??
      HOST_DEFAULTS.max_concurrent,
    workdir: optional('workdir', (at) => readText(reading, at, 'a directory on the host')),
    timeoutSeconds:
      optional('timeout_seconds', (at) => readWithin(reading, at, 'timeout_seconds')) ??
      HOST_DEFAULTS.timeout_seconds,
    paused: optional('paused', (at) => readFlag(reading, at)),
  }
  const contradiction = contradictionIn({
    private_key_path: host.privateKeyPath,
    private_key_passphrase_variable: host.privateKeyPassphraseVariable,
    password_variable: host.passwordVariable,
  })
  if (contradiction !== null) {
    const at = required(contradiction.key)
    reportAt(reading, at.offset, `${at.path}: ${contradiction.message}`)
  }
  if (id === null || address === null || user === null || hostKeySha256 === null || !run.ok) return null
  return { id, address, user, hostKeySha256, command: run.command, env: run.env, ...host }
}

/** What the schema of the wire says about one key. */
function schemaOf(key: string): { pattern?: string; minimum?: number; maximum?: number } {
  const properties = Host.properties as unknown as Readonly<Record<string, { anyOf?: object[] }>>
  const schema = properties[key] ?? {}
  // One that may be null is a choice of the schema meant and null.
  return schema.anyOf?.[0] ?? schema
}

function readMatching(reading: YamlReading, value: YamlValue, key: string, expected: string): string | null {
  const text = readText(reading, value, expected)
  if (text === null) return null
  return new RegExp(schemaOf(key).pattern ?? '').test(text) ? text : reportExpected(reading, value, expected)
}

function readWithin(reading: YamlReading, value: YamlValue, key: string): number | null {
  const { minimum = 1, maximum = Number.MAX_SAFE_INTEGER } = schemaOf(key)
  return readWholeNumber(reading, value, minimum, maximum)
}

function readPreset(reading: YamlReading, value: YamlValue): PresetName | null {
  const expected = `the name of a preset: ${PRESET_NAMES.join(', ')}`
  const name = readText(reading, value, expected)
  if (name === null) return null
  return isPresetName(name) ? name : reportExpected(reading, value, expected)
}

/** argv, and never one text: nothing is ever split or interpreted by a shell. */
function readCommand(reading: YamlReading, value: YamlValue): string[] | null {
  const expected = 'a list of the program and its arguments, such as [claude, --print]'
  const items = readItems(reading, value, expected)
  if (items === null) return null
  const [program, ...rest] = items
  if (program === undefined) return reportExpected(reading, value, expected)
  const words = [
    readText(reading, program, 'a program'),
    ...rest.map((item) => readRawText(reading, item, 'a text')),
  ]
  return words.every((word) => word !== null) ? words : null
}

function readKeyPath(reading: YamlReading, value: YamlValue, home: string): string | null {
  const path = readText(reading, value, 'the path of a private key')
  return path?.replace(/^~(?=\/|$)/, home) ?? null
}

function readLabels(reading: YamlReading, value: YamlValue): string[] {
  return normalizeLabels(readTexts(reading, value, 'a label').map(({ text }) => text))
}

function readEnvironment(reading: YamlReading, value: YamlValue): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { key, at, value: member } of readEntries(reading, value, 'a mapping of names to texts') ?? []) {
    if (!new RegExp(ENVIRONMENT_NAME).test(key)) {
      reportExpected(reading, at, 'the name of an environment variable, and none that begins with _sy_')
      continue
    }
    const text = readRawText(reading, member, 'a text')
    if (text !== null) env[key] = text
  }
  return env
}
