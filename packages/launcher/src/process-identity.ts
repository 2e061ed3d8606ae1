import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The position of `starttime` among the fields after the command name in /proc/<pid>/stat, see proc_pid_stat(5). */
const START_TIME_FIELD = 19

/**
 * What tells a process from a later one with the same id: its boot and start time. Null when no such process exists. Process ids
 * come round again, after a reboot or in a new container very soon.
 */
export function processIdentity(pid: number): string | null {
  return process.platform === 'linux' ? linuxIdentity(pid) : portableIdentity(pid)
}

function linuxIdentity(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name is in parentheses and may contain anything, parentheses included.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended: only its parent has not noticed yet.
    if (fields[0] === 'Z') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${fields[START_TIME_FIELD] ?? ''}`
  } catch {
    return null
  }
}

function portableIdentity(pid: number): string | null {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return started === '' ? null : started
  } catch {
    return null
  }
}
