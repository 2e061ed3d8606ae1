import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A share of the processor time of a process, 0 to 1. */
export interface Share {
  readonly of: string
  readonly share: number
}

/** What V8 writes with --cpu-prof (Node.js documentation, Command-line API; Chrome DevTools Protocol, Profiler.Profile). */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** Microseconds of the monotonic clock. */
  readonly startTime: number
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
}

/** Flags for a process that writes its profile into a directory when it ends. */
export function profileFlags(directory: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500']
}

/** The monotonic clock that profiles use, the same for all processes. Microseconds. */
export function profileClock(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

/** Where the code is in which the only profiled process of a directory spent its time between two instants, most first. */
export async function readShares(directory: string, from: number, to: number): Promise<Share[]> {
  const file = (await readdir(directory)).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error('no profile was written')
  const profile = JSON.parse(await readFile(join(directory, file), 'utf8')) as Profile
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const spent = new Map<string, number>()
  let at = profile.startTime
  for (const [index, sample] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0
    at += delta
    const place = places.get(sample)
    if (at < from || at > to || place === undefined || place === null) continue
    spent.set(place, (spent.get(place) ?? 0) + delta)
  }
  const total = [...spent.values()].reduce((sum, each) => sum + each, 0)
  if (total === 0) throw new Error('the profile has nothing of that time')
  return [...spent]
    .map(([of, microseconds]) => ({ of, share: microseconds / total }))
    .sort((left, right) => right.share - left.share)
}

const SOCKET_WRITES = new Set(['writev', 'writeUtf8String', 'writeLatin1String', 'writeBuffer'])

/** null: it waited. */
function placeOf({ functionName, url }: CallFrame): string | null {
  if (functionName === '(idle)') return null
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (url === '') return SOCKET_WRITES.has(functionName) ? 'writing to sockets' : 'V8 and native code'
  if (url.startsWith('node:')) return 'Node.js (HTTP, streams, events, hashes)'
  const library = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (library === undefined) return 'Switchyard'
  if (/^(pg|pg-.*|postgres-.*)$/.test(library)) return 'node-postgres'
  return library === 'ajv' || library === 'prom-client' ? 'ajv and metrics' : 'Express and its parts'
}
