import { readdirSync, readFileSync } from 'node:fs'

/** Processes as /proc shows them (see proc(5)); none where there is no /proc. */
function allProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** State letter, parent and process group of a process; null when it is gone. */
function statOf(pid: number): { state: string; parent: number; group: number } | null {
  const stat = readProc(pid, 'stat')
  const [state = '', parent = '', group = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? null : { state, parent: Number(parent), group: Number(group) }
}

/** True while the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X'
}

export function livingInGroup(group: number): number[] {
  return allProcesses().filter((pid) => statOf(pid)?.group === group && isAlive(pid))
}

export function descendantsOf(ancestor: number): number[] {
  const parents = allProcesses().map((pid) => ({ pid, parent: statOf(pid)?.parent }))
  const childrenOf = (pid: number): number[] => {
    const children = parents.filter(({ parent }) => parent === pid).map((each) => each.pid)
    return [...children, ...children.flatMap(childrenOf)]
  }
  return childrenOf(ancestor)
}

/** Processes that were started with this `NAME=value` in their environment. */
export function processesWithVariable(variable: string): number[] {
  return allProcesses().filter((pid) => readProc(pid, 'environ').split('\0').includes(variable))
}

export function killProcesses(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
