import type { Claim } from '@switchyard/core'
import type { Host } from '@switchyard/store'
import { runIdOf } from '../ssh/index.ts'
import type { RunFolder } from '../ssh/index.ts'

/** The variable of a host's `env` that says where its run folders are. */
const RUNS_DIRECTORY = 'SWITCHYARD_RUNS_DIR'

/** The directory of a host's run folders; null: what the host itself takes. */
export function runsDirectoryOf(host: Pick<Host, 'env'>): string | null {
  return host.env[RUNS_DIRECTORY] ?? null
}

/** Where an attempt lives on its host. */
export function folderOf(host: Pick<Host, 'env'>, { task }: Pick<Claim, 'task'>): RunFolder {
  return { root: runsDirectoryOf(host), id: runIdOf(task.id, task.attempt) }
}

/**
 * Names the machine (by its key), the user and the directory that run folders of this host are in. That a folder is not there
 * proves something only where it would have been made.
 */
export function placeOf(host: Pick<Host, 'user' | 'hostKeySha256' | 'env'>): string {
  return JSON.stringify([host.hostKeySha256, host.user, runsDirectoryOf(host)])
}
