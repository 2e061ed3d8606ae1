import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { giveTo, spawnAs, type Account } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'

export const SUPERUSER = 'switchyard'
export const DATABASE = 'switchyard'
export const SETTINGS_FILE = 'switchyard.conf'

const UNFINISHED_MARK = '.unfinished-'

/**
 * Makes a cluster with one database, unless there is one. It is made beside its final place and then renamed, so that a start that
 * is killed half-way leaves nothing that looks like a cluster. The caller holds the lock.
 */
export async function initialiseCluster(
  { initdb, postgres }: PostgresBinaries,
  account: Account,
  { clusterDirectory, password, durable }: { clusterDirectory: string; password: string; durable: boolean },
): Promise<void> {
  await removeUnfinished(clusterDirectory)
  if (await isDirectory(clusterDirectory)) return
  const draft = `${clusterDirectory}${UNFINISHED_MARK}${process.pid}`
  const passwordFile = `${draft}.password`
  await mkdir(draft, { mode: 0o700 })
  await giveTo(account, draft)
  await writeFile(passwordFile, password, { mode: 0o600 })
  await giveTo(account, passwordFile)
  const options = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own collation sorts alike on every machine; those of the operating system do not.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]
  await run(account, initdb, durable ? options : [...options, '--no-sync'], draft)
  await appendFile(join(draft, 'postgresql.conf'), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`)
  const singleUser = ['--single', '-D', draft, '-c', `fsync=${durable ? 'on' : 'off'}`, 'template1']
  await run(account, postgres, singleUser, draft, `create database ${DATABASE}\n`)
  await rm(passwordFile, { force: true })
  await rename(draft, clusterDirectory)
}

async function removeUnfinished(clusterDirectory: string): Promise<void> {
  const parent = dirname(clusterDirectory)
  const mark = `${basename(clusterDirectory)}${UNFINISHED_MARK}`
  for (const name of await readdir(parent)) {
    if (name.startsWith(mark)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function run(
  account: Account,
  command: string,
  args: readonly string[],
  cwd: string,
  input = '',
): Promise<void> {
  const child = spawnAs(account, command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error(`${command} has no pipes`)
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code))
  })
  // A program that ends without reading its input is judged by its exit code.
  stdin.on('error', () => undefined)
  stdin.end(input)
  const [code, output, errors] = await Promise.all([exited, text(stdout), text(stderr)])
  if (code !== 0)
    throw new Error(`${basename(command)} failed with exit code ${String(code)}:\n${output}${errors}`)
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
