import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@switchyard/platform'
import { processIdentity } from '../process-identity.ts'
import { isPostmasterOf, readPostmasterFile } from './postmaster-file.ts'

const POLL_MILLISECONDS = 25
const FAST_STOP_MILLISECONDS = 20_000
const IMMEDIATE_STOP_MILLISECONDS = 10_000

/**
 * Stops the server that a killed start left running on this cluster: starting afresh takes a fraction of a second and leaves no
 * doubt about its settings and its log.
 */
export async function stopLeftover(clusterDirectory: string, log: (message: string) => void): Promise<void> {
  const present = await readPostmasterFile(clusterDirectory)
  if (present === null) return
  const { pid } = present
  const identity = processIdentity(pid)
  if (identity === null || !(await isPostmasterOf(pid, clusterDirectory))) {
    await disownPostmasterFile(clusterDirectory)
    return
  }
  log(`stopping the PostgreSQL (process ${pid}) that an earlier start left behind`)
  // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, from which the next start recovers.
  if (await endedAfter('SIGINT', pid, identity, FAST_STOP_MILLISECONDS)) return
  if (await endedAfter('SIGQUIT', pid, identity, IMMEDIATE_STOP_MILLISECONDS)) return
  throw new Error(
    `The PostgreSQL of ${clusterDirectory} (process ${pid}) does not stop. End it by hand, then start again.`,
  )
}

/**
 * PostgreSQL refuses to start while any process has the id in postmaster.pid, be it a stranger with a reused id or a zombie. It
 * does not mind the id of its own parent, which we are about to be (CreateLockFile in src/backend/utils/init/miscinit.c). The
 * file stays, because its other lines let PostgreSQL find backends of the killed server that still use the data.
 */
async function disownPostmasterFile(clusterDirectory: string): Promise<void> {
  const path = join(clusterDirectory, 'postmaster.pid')
  const lines = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, [String(process.pid), ...lines.slice(1)].join('\n'))
}

async function endedAfter(
  signal: NodeJS.Signals,
  pid: number,
  identity: string,
  milliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  sendSignal(pid, signal)
  while (processIdentity(pid) === identity) {
    if (performance.now() > deadline) return false
    await systemClock.sleep(POLL_MILLISECONDS)
  }
  return true
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
