import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { processIdentity } from './process-identity.ts'

/** Another living process holds the lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly pid: number

  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}`)
    this.pid = pid
  }
}

/**
 * Takes a lock that is a file, and that a killed holder does not leave behind for good: the file names its holder, and a holder
 * that is gone is replaced. Returns the function that gives it back. Throws LockedError.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const record = `${process.pid} ${processIdentity(process.pid) ?? ''}`
  const draft = `${path}.${randomUUID()}`
  // A link appears complete or not at all: nobody ever reads a half-written lock.
  await writeFile(draft, record, { mode: 0o600 })
  try {
    for (;;) {
      if (await linked(draft, path)) break
      const present = await readFile(path, 'utf8').catch(() => null)
      if (present === null) continue
      const holder = livingHolder(present)
      if (holder !== null) throw new LockedError(path, holder)
      await removeStale(path, present)
    }
  } finally {
    await rm(draft, { force: true })
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => null)) === record) await rm(path, { force: true })
  }
}

function livingHolder(record: string): number | null {
  const [pid = '', identity = ''] = record.split(/ (.*)/s)
  const present = processIdentity(Number(pid))
  return present !== null && present === identity ? Number(pid) : null
}

/** Removes the lock that was judged stale, and only that one: a fresh lock that took its place meanwhile is put back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    // Somebody else has removed it.
    return
  }
  if ((await readFile(aside, 'utf8')) !== stale) await linked(aside, path)
  await rm(aside, { force: true })
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
