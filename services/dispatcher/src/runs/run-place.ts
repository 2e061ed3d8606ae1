import type { Claim } from '@switchyard/core'
import type { Host } from '@switchyard/store'
import { runIdOf } from '../ssh/index.ts'
import type { RunFolder } from '../ssh/index.ts'

/** The variable of a host's `env` that says where its run folders are. */
const RUNS_DIRECTORY = 'SWITCHYARD_RUNS_DIR'

/** Where an attempt lives on its host. */
export function folderOf(host: Pick<Host, 'env'>, { task }: Pick<Claim, 'task'>): RunFolder {
  return { root: host.env[RUNS_DIRECTORY] ?? null, id: runIdOf(task.id, task.attempt) }
}

/**
 * Names the machine (by its key), the user and the directory that run folders of this host are in. That a folder is not there
 * proves something only where it would have been made.
 */
export function placeOf(host: Pick<Host, 'user' | 'hostKeySha256' | 'env'>): string {
  return JSON.stringify([host.hostKeySha256, host.user, host.env[RUNS_DIRECTORY] ?? null])
}
