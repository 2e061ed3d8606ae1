import { execFileSync } from 'node:child_process'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** What a running PostgreSQL writes about itself into postmaster.pid (src/include/utils/pidfile.h of PostgreSQL). */
export interface PostmasterFile {
  readonly pid: number
  readonly ready: boolean
}

const STATUS_LINE = 7

/** Reads postmaster.pid, or null when there is none that makes sense. */
export async function readPostmasterFile(clusterDirectory: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(clusterDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return null
  return { pid, ready: lines[STATUS_LINE]?.trim() === 'ready' }
}

/**
 * Whether a process is the PostgreSQL server of this cluster, and not one that was given the same process id later. A
 * server's working directory is its cluster; where that cannot be seen, its command line says it.
 */
export async function isPostmasterOf(pid: number, clusterDirectory: string): Promise<boolean> {
  const cluster = await realpath(clusterDirectory)
  if (process.platform === 'linux') {
    return readlink(`/proc/${pid}/cwd`).then(
      (directory) => directory === cluster,
      () => false,
    )
  }
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return command.includes('postgres') && (command.includes(clusterDirectory) || command.includes(cluster))
  } catch {
    return false
  }
}
