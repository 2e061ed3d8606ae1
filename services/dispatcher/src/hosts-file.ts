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
import type { HostToPut, Pool, PutHostResult } from '@switchyard/store'
import { parseHost } from './parse-host.ts'
import { orderByJumps } from './order-by-jumps.ts'

export type ParsedHosts =
  | { readonly ok: true; readonly hosts: readonly HostToPut[] }
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
export async function loadHosts(file: string): Promise<readonly HostToPut[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HostsFileError(`${file}: cannot be read: ${reason}`, { cause: error })
  })
  const parsed = parseHosts(text, homedir())
  if (!parsed.ok) throw new HostsFileError(describeProblems(file, parsed.problems))
  return parsed.hosts
}

/** Creates or replaces the hosts of the file. Throws HostsFileError naming all that the database does not allow. */
export async function applyHosts(pool: Pool, file: string, hosts: readonly HostToPut[]): Promise<void> {
  const refusals: string[] = []
  for (const host of orderByJumps(hosts).ordered) {
    const refusal = explainRefusal(await putHost(pool, host), host)
    if (refusal !== null) refusals.push(`${file}: ${host.id}: ${refusal}`)
  }
  if (refusals.length > 0) throw new HostsFileError(refusals.join('\n'))
}

function explainRefusal(result: PutHostResult, { proxyJump }: HostToPut): string | null {
  switch (result) {
    case 'created':
    case 'replaced':
      return null
    case 'id_taken':
      return 'the id belongs to a registered http_pull agent; choose another one'
    case 'jump_unknown':
      return `proxy_jump: there is no host ${String(proxyJump)}, neither here nor configured before`
    case 'jump_circle':
      return `proxy_jump: ${String(proxyJump)} is itself reached through this host`
  }
}

function readHosts(reading: YamlReading, root: YamlValue, home: string): HostToPut[] {
  const list = readMapping(reading, root, ['hosts'])?.get('hosts')
  if (list === undefined) {
    if (reading.problems.length === 0) {
      reportExpected(reading, { ...root, path: 'hosts', node: null }, 'a list of hosts')
    }
    return []
  }
  const lineOfId = new Map<string, number>()
  const hosts: HostToPut[] = []
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
  const { circle } = orderByJumps(hosts)
  if (circle.length > 0) {
    const path = circle.map(({ id }) => id).join(', ')
    reportAt(reading, list.offset, `${list.path}: proxy_jump leads in a circle: ${path}`)
  }
  return hosts
}
