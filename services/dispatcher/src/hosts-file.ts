import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import {
  describeProblems,
  parseYaml,
  readItems,
  readMapping,
  reportAt,
  reportExpected,
} from '@switchyard/platform'
import type { FileProblem, YamlReading, YamlValue } from '@switchyard/platform'
import { putHost } from '@switchyard/store'
import type { HostDefinition, Pool } from '@switchyard/store'
import { parseHost } from './parse-host.ts'

export type ParsedHosts =
  | { readonly ok: true; readonly hosts: readonly HostDefinition[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] }

/** The hosts file cannot be used. The message names every mistake, one per line. */
export class HostsFileError extends Error {
  override readonly name = 'HostsFileError'
}

/** Reads the text of a hosts file (hosts.example.yaml). All mistakes are reported together, each with its line. */
export function parseHosts(text: string, home: string): ParsedHosts {
  const parsed = parseYaml(text, (reading, root) => readHosts(reading, root, home))
  return parsed.ok ? { ok: true, hosts: parsed.value } : parsed
}

/** Reads a hosts file. Throws HostsFileError when it cannot be read or used. */
export async function loadHosts(file: string): Promise<readonly HostDefinition[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HostsFileError(`${file}: cannot be read: ${reason}`, { cause: error })
  })
  const parsed = parseHosts(text, homedir())
  if (!parsed.ok) throw new HostsFileError(describeProblems(file, parsed.problems))
  return parsed.hosts
}

/** Creates or replaces the hosts of the file. Throws HostsFileError when an http_pull agent has the id of one. */
export async function applyHosts(pool: Pool, file: string, hosts: readonly HostDefinition[]): Promise<void> {
  const taken: string[] = []
  for (const host of hosts) if ((await putHost(pool, host)) === 'id_taken') taken.push(host.id)
  if (taken.length > 0) {
    throw new HostsFileError(
      `${file}: ${taken.join(', ')}: the id belongs to a registered http_pull agent; choose another one`,
    )
  }
}

function readHosts(reading: YamlReading, root: YamlValue, home: string): HostDefinition[] {
  const list = readMapping(reading, root, ['hosts'])?.get('hosts')
  if (list === undefined) {
    if (reading.problems.length === 0) {
      reportExpected(reading, { ...root, path: 'hosts', node: null }, 'a list of hosts')
    }
    return []
  }
  const lineOfId = new Map<string, number>()
  const hosts: HostDefinition[] = []
  for (const item of readItems(reading, list, 'a list of hosts') ?? []) {
    const host = parseHost(reading, item, home)
    if (host === null) continue
    const earlier = lineOfId.get(host.id)
    if (earlier === undefined) lineOfId.set(host.id, reading.lines.linePos(item.offset).line)
    else
      reportAt(
        reading,
        item.offset,
        `${item.path}: the id “${host.id}” is taken by the host in line ${earlier}`,
      )
    hosts.push(host)
  }
  return hosts
}
