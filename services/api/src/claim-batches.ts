import type { ShownTask } from '@switchyard/core'
import type { Clock } from '@switchyard/platform'
import {
  admitAfterEnd,
  appendLog,
  appendLogs,
  completeClaim,
  completeClaims,
  isDatabaseUnavailable,
  renewLease,
  renewLeases,
} from '@switchyard/store'
import type {
  AppendLogResult,
  ClaimIdentity,
  Completion,
  LeaseRenewal,
  LogAppend,
  Pool,
  RenewedLease,
} from '@switchyard/store'
import { BATCH_LIMITS, createBatcher, LONGEST_BATCHED } from './batcher.ts'
import type { Batcher } from './batcher.ts'
import type { ApiConfig } from './config.ts'

/** What holders say about their claims, together with what others say at the same moment. */
export interface ClaimBatches {
  /** As renewLease of the store. */
  renew(renewal: LeaseRenewal): Promise<Pick<RenewedLease, 'expiresAt' | 'cancelRequested'> | null>
  /** As renewLease and then appendLog of the store. */
  append(append: LogAppend): Promise<AppendLogResult>
  /** As completeClaim of the store. */
  complete(completion: Completion): Promise<ShownTask | null>
}

/**
 * Group commit of heartbeats, log pieces and completions. A batch leaves out whatever it cannot do at once: a lease that is
 * lost, an offset that is wrong, a row that somebody else has. Each of those is then asked for on its own, which waits for the
 * row and finds out why; so the answers are those of the single statements, and no caller waits for another one's row.
 */
export function createClaimBatches(pool: Pool, config: ApiConfig, clock: Clock): ClaimBatches {
  const leaseSeconds = config.SWITCHYARD_LEASE_SECONDS
  const maxBytes = config.SWITCHYARD_LOG_LIMIT_BYTES

  const renewals = batched((requests: readonly LeaseRenewal[]) =>
    renewLeases(pool, requests, { leaseSeconds, now: clock.sqlNow() }),
  )
  const appends = batched((requests: readonly LogAppend[]) =>
    appendLogs(pool, requests, { leaseSeconds, maxBytes, now: clock.sqlNow() }),
  )
  const completions = batched((requests: readonly Completion[]) =>
    completeClaims(pool, requests, clock.sqlNow()),
  )

  function renewAlone(renewal: LeaseRenewal): Promise<RenewedLease | null> {
    return renewLease(pool, { ...renewal, leaseSeconds, now: clock.sqlNow() })
  }

  async function appendAlone(append: LogAppend): Promise<AppendLogResult> {
    const renewed = await renewAlone({ ...append, progress: null })
    return renewed === null ? { kind: 'lease_lost' } : appendLog(pool, { ...append, maxBytes })
  }

  return {
    async renew(renewal) {
      return (await renewals.ask(renewal)) ?? (await renewAlone(renewal))
    },
    async append(append) {
      const appended = append.text.length > LONGEST_BATCHED ? null : await appends.ask(append)
      return appended === null ? appendAlone(append) : { kind: 'appended', ...appended }
    },
    async complete(completion) {
      const isLong = JSON.stringify(completion.result).length > LONGEST_BATCHED
      const task = isLong ? null : await completions.ask(completion)
      if (task === null) return completeClaim(pool, completion, { ...completion, now: clock.sqlNow() })
      await admitAfterEnd(pool, task, clock.sqlNow())
      return task
    },
  }
}

function batched<Request extends ClaimIdentity, Result>(
  run: (requests: readonly Request[]) => Promise<readonly Result[]>,
): Batcher<Request, Result> {
  return createBatcher({
    run,
    ...BATCH_LIMITS,
    keyOf: ({ taskId }) => taskId,
    isOutage: isDatabaseUnavailable,
  })
}
