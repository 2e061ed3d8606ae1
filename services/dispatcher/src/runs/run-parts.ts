import type { Claim } from '@switchyard/core'
import type { Host, Orphan } from '@switchyard/store'
import type { RunIds } from '../events.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { OutputLog } from './output-log.ts'
import type { RunControl } from './run-control.ts'

export interface Run {
  readonly host: Host
  readonly claim: Claim
  /** The orphan that is to be looked for; null when the run is to be started. */
  readonly orphan: Orphan | null
  readonly control: RunControl
  /** Makes an end to waiting for a database that is away. */
  readonly giveUp: AbortSignal
}

/** What the parts of a run work with. */
export interface RunParts {
  readonly run: Run
  readonly lease: LeaseKeeper
  readonly output: OutputLog
}

/** Names a run in the log. */
export function idsOf({ host, claim }: Pick<Run, 'host' | 'claim'>): RunIds {
  return { taskId: claim.task.id, hostId: host.id, attempt: claim.task.attempt }
}
