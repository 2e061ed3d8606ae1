import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { statSync } from 'node:fs'
import { chown, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** As whom PostgreSQL runs. Without ids: as ourselves. */
export interface Account {
  readonly ids: { readonly uid: number; readonly gid: number } | null
  /** Words before the command that let it pass directories which only root may enter. */
  readonly prefix: readonly string[]
}

/** Accounts to run PostgreSQL as when we are root, best first. Neither is created: a start should not change the system's users. */
const CANDIDATES = ['postgres', 'nobody']

/**
 * PostgreSQL refuses to run as root. Root therefore runs it as the cluster's present owner, else as `postgres` or `nobody`. When such
 * an account cannot reach the programs or the data (a clone below /root, say), setpriv passes on the one capability that is
 * missing, CAP_DAC_OVERRIDE (capabilities(7)).
 */
export async function chooseAccount(
  clusterDirectory: string,
  mustReach: readonly string[],
): Promise<Account> {
  const own = process.getuid?.()
  if (own === undefined) return { ids: null, prefix: [] }
  const owner = await stat(clusterDirectory).catch(() => null)
  if (own !== 0) {
    if (owner !== null && owner.uid !== own) throw foreignCluster(clusterDirectory, owner.uid, own)
    return { ids: null, prefix: [] }
  }
  const ids = owner !== null && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : existingAccount()
  const reachable = mustReach.every((path) => canReach(path, ids.uid, ids.gid))
  return { ids, prefix: reachable ? [] : passDirectories(ids, mustReach) }
}

/** Starts a program under the account, in a session of its own: Ctrl-C on our terminal does not reach it. */
export function spawnAs(
  account: Account,
  command: string,
  args: readonly string[],
  { cwd, stdio }: { cwd: string; stdio: StdioOptions },
): ChildProcess {
  // LC_ALL: messages in English, whatever the terminal speaks, because people search the web for them.
  const options = { cwd, stdio, detached: true, env: { ...process.env, LC_ALL: 'C' } }
  const [wrapper, ...rest] = account.prefix
  if (wrapper !== undefined) return spawn(wrapper, [...rest, command, ...args], options)
  return spawn(command, args, { ...options, ...account.ids })
}

/** Gives a file or directory to the account. */
export async function giveTo(account: Account, path: string): Promise<void> {
  if (account.ids !== null) await chown(path, account.ids.uid, account.ids.gid)
}

function existingAccount(): { uid: number; gid: number } {
  for (const name of CANDIDATES) {
    try {
      return { uid: accountId('-u', name), gid: accountId('-g', name) }
    } catch {
      // No such account: try the next.
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no account ${CANDIDATES.join(' or ')} to run it as. ` +
      'Start as another user, or set DATABASE_URL.',
  )
}

function accountId(which: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [which, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
}

/** Whether the permission bits let an account read a path and enter every directory above it. */
function canReach(path: string, uid: number, gid: number): boolean {
  for (let current = path; ; current = dirname(current)) {
    const { mode, uid: owner, gid: group } = statSync(current)
    const shift = owner === uid ? 6 : group === gid ? 3 : 0
    if (((mode >> shift) & 0o1) === 0) return false
    if (current === dirname(current)) return true
  }
}

function passDirectories({ uid, gid }: { uid: number; gid: number }, mustReach: readonly string[]): string[] {
  const prefix = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    // initdb checks programs with access(2), which otherwise sets capabilities aside.
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ]
  try {
    execFileSync('setpriv', [...prefix, 'true'], { stdio: 'ignore' })
    return ['setpriv', ...prefix]
  } catch (error) {
    throw new Error(
      `PostgreSQL does not run as root, and user id ${uid} may not enter the directories above ${mustReach.join(' or ')}. ` +
        'Start as another user, move the project to where everybody may enter, or set DATABASE_URL.',
      { cause: error },
    )
  }
}

function foreignCluster(directory: string, owner: number, own: number): Error {
  return new Error(
    `The database in ${directory} belongs to user id ${owner}, but this is user id ${own}. ` +
      'Start as the user (or root) who started it first, or choose another SWITCHYARD_DATA_DIR.',
  )
}
