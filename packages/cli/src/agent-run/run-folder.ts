import { execFile } from 'node:child_process'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MOST_RESULT_BYTES = 64 * 1024

/** The place of one attempt: what the command is given, what it leaves, and a directory to work in. */
export interface RunFolder {
  readonly path: string
  readonly work: string
  readonly prompt: string
  /** A named pipe. */
  readonly output: string
  readonly resultFile: string
}

/** The directory of the runs of one agent process. */
export async function prepareRuns(stateDirectory: string, agentId: string): Promise<string> {
  const runs = join(stateDirectory, 'runs', agentId)
  await mkdir(runs, { recursive: true, mode: 0o700 })
  for (const name of await readdir(runs)) {
    // Left by a process that was killed: its commands were ended by its watchdog, and their tasks are with others.
    if (/^\d+$/.test(name) && !isAlive(Number(name)))
      await rm(join(runs, name), { recursive: true, force: true })
  }
  const own = join(runs, String(process.pid))
  await rm(own, { recursive: true, force: true })
  await mkdir(own, { mode: 0o700 })
  return own
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Makes a fresh one. Its name comes from the server's id and attempt, and from nothing that a stranger chooses. */
export async function createRunFolder(
  runs: string,
  task: { readonly id: string; readonly attempt: number; readonly prompt: string },
): Promise<RunFolder> {
  const path = join(runs, `${task.id.replaceAll(/[^\w-]/g, '')}-${String(task.attempt)}`)
  const folder = {
    path,
    work: join(path, 'work'),
    prompt: join(path, 'prompt'),
    output: join(path, 'output'),
    resultFile: join(path, 'result.json'),
  }
  await rm(path, { recursive: true, force: true })
  await mkdir(folder.work, { recursive: true, mode: 0o700 })
  await writeFile(folder.prompt, task.prompt, { mode: 0o600 })
  await promisify(execFile)('mkfifo', ['-m', '600', folder.output])
  return folder
}

/** What the command left in SWITCHYARD_RESULT_FILE; null when that is nothing, or too much. */
export async function readResultFile(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const found = await file.stat()
    return found.isFile() && found.size <= MOST_RESULT_BYTES ? await file.readFile('utf8') : null
  } catch {
    return null
  } finally {
    await file.close()
  }
}
