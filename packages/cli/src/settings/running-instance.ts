import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { World } from '../world.ts'

const DATA_DIRECTORY = '.switchyard'

/** A Switchyard that the launcher runs on this machine. */
export interface RunningInstance {
  /** Its data directory. */
  readonly directory: string
  readonly url: string
  /** Where the admin's token stands; null when it was given to the launcher, which then keeps none. */
  readonly tokenFile: string | null
}

/**
 * Looks for the data directory of a running launcher: SWITCHYARD_DATA_DIR, else `.switchyard` here or in a directory above. One
 * that belongs to another user is passed by: its owner would learn what is sent there.
 */
export async function findRunningInstance(world: World): Promise<RunningInstance | null> {
  const given = world.env['SWITCHYARD_DATA_DIR'] ?? ''
  const candidates =
    given !== '' ? [resolve(world.workingDirectory, given)] : dataDirectoriesAbove(world.workingDirectory)
  for (const directory of candidates) {
    if (!(await isOurs(directory))) continue
    const url = await readFile(join(directory, 'url'), 'utf8').catch(() => '')
    if (url.trim() === '') continue
    const tokenFile = join(directory, 'admin-token')
    return { directory, url: url.trim(), tokenFile: (await exists(tokenFile)) ? tokenFile : null }
  }
  return null
}

function dataDirectoriesAbove(start: string): string[] {
  const above = dirname(start)
  return [join(start, DATA_DIRECTORY), ...(above === start ? [] : dataDirectoriesAbove(above))]
}

async function isOurs(directory: string): Promise<boolean> {
  const found = await stat(directory).catch(() => null)
  return (
    found !== null && found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
