import { readdir, readFile } from 'node:fs/promises'

/** Processes whose processor time is wanted, by what they are. */
export type Processes = Readonly<Record<string, () => Promise<readonly number[]> | readonly number[]>>

/** Milliseconds of processor time, user and system, by what used them. */
export type ProcessorTime = Readonly<Record<string, number>>

/** Those that have a part in what is asked of an API. */
export function processesBehind(
  server: { processes(): Promise<readonly number[]> },
  api: { readonly pid: number },
  generator: { readonly pid: number },
): Processes {
  return {
    'the API': () => [api.pid],
    PostgreSQL: () => server.processes(),
    'the generator': () => [generator.pid],
  }
}

/** Those that have a part in what is asked of an Express app that does nothing. */
export function processesBehindExpress(
  noOp: { readonly pid: number },
  generator: { readonly pid: number },
): Processes {
  return { Express: () => [noOp.pid], 'the generator': () => [generator.pid] }
}

/** USER_HZ is 100 on every Linux (proc_pid_stat(5), sysconf(3)). */
const MILLISECONDS_PER_TICK = 10
/** Fields of /proc/PID/stat, counted from the state on (proc_pid_stat(5)). */
const PARENT = 1
const USER_TIME = 11
const SYSTEM_TIME = 12

/** Runs `work` and tells what it cost each of them. NaN where there is no /proc. */
export async function processorTimeOf<T>(
  processes: Processes,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly spent: ProcessorTime }> {
  const before = await readAll(processes)
  const result = await work()
  const after = await readAll(processes)
  const spent = Object.entries(after).map(([name, used]) => {
    const began = before[name] ?? new Map<number, number>()
    const grown = [...used].map(([pid, milliseconds]) => milliseconds - (began.get(pid) ?? 0))
    return [name, grown.length === 0 ? NaN : grown.reduce((sum, each) => sum + each, 0)] as const
  })
  return { result, spent: Object.fromEntries(spent) }
}

/** A process, its parent and all other children of that, such as all of PostgreSQL's by one of its backends. */
export async function withSiblings(pid: number): Promise<number[]> {
  const parent = Number((await readStat(pid))[PARENT])
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number)
  const stats = await Promise.all(pids.map(async (each) => ({ each, fields: await readStat(each) })))
  return [parent, ...stats.filter(({ fields }) => Number(fields[PARENT]) === parent).map(({ each }) => each)]
}

async function readAll(processes: Processes): Promise<Record<string, Map<number, number>>> {
  const read = Object.entries(processes).map(async ([name, list]) => {
    const used = new Map<number, number>()
    for (const pid of await list()) {
      const fields = await readStat(pid)
      const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])
      // One that has ended meanwhile is left out.
      if (Number.isFinite(ticks)) used.set(pid, ticks * MILLISECONDS_PER_TICK)
    }
    return [name, used] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** The fields of /proc/PID/stat from the state on: what is before them may contain blanks. */
async function readStat(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
