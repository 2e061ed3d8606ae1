import { adoptOrphan, appendLog, isHeldUp, readLogEnd, renewLease } from '@switchyard/store'
import type { Orphan } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { followRun } from './follow-run.ts'
import { insist } from './insist.ts'
import { launchRun } from './launch-run.ts'
import { keepLease } from './lease-keeper.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import { OutputLog } from './output-log.ts'
import { idsOf } from './run-parts.ts'
import type { Run } from './run-parts.ts'
import { placeOf } from './run-place.ts'
import { settleRun } from './settle-run.ts'
import type { SettledAs } from './settle-run.ts'
import { actionFor } from './run-action.ts'

/** Enough of a stored log to say its last lines. */
const RECALLED_BYTES = 8192

/**
 * A replica's part in one run: start it, or find it, follow it to its end, keep its output, settle its task. Returns what
 * became of the task. Rejects only when something unforeseen happens; the lease then runs out by itself.
 */
export async function executeRun(context: DispatcherContext, run: Run): Promise<SettledAs> {
  const { host, orphan, control } = run
  const lease = leaseOf(context, run)
  try {
    const output = outputOf(context, run)
    if (orphan !== null) await recallOutput(context, orphan, output)
    const parts = { run, lease, output }
    const end = orphan === null ? await launchRun(context, parts) : await followRun(context, parts)
    await output.finish()
    const action = actionFor(end, {
      host,
      orphan,
      summary: output.summary(),
      letGoCause: control.letGoCause(),
      cancelRequested: control.isCancelRequested(),
    })
    return await settleRun(context, run.giveUp, run.claim, action)
  } finally {
    lease.stop()
  }
}

function leaseOf(context: DispatcherContext, run: Run): LeaseKeeper {
  const { clock, policy, events, outage } = context
  const { orphan, control } = run
  let found = orphan === null
  return keepLease({
    clock,
    control,
    startSeconds: found ? policy.startSeconds : policy.leaseSeconds,
    leaseSeconds: policy.leaseSeconds,
    async renew() {
      const renewed = found ? await renew(context, run) : await adopt(context, run)
      if (renewed !== null) found = true
      outage.worked()
      return renewed
    },
    onError(error) {
      if (!outage.noticed(error) || isHeldUp(error)) events.renewalFailed(idsOf(run), error)
    },
  })
}

function renew({ pool, clock, policy, dispatcherId }: DispatcherContext, { host, claim }: Run) {
  return renewLease(pool, {
    taskId: claim.task.id,
    leaseToken: claim.leaseToken,
    agentId: claim.agentId,
    leaseSeconds: policy.leaseSeconds,
    progress: null,
    place: placeOf(host),
    actor: dispatcherId,
    now: clock.sqlNow(),
  })
}

async function adopt(context: DispatcherContext, run: Run) {
  const { pool, clock, policy, dispatcherId: actor } = context
  const { claim } = run
  const options = { leaseSeconds: policy.leaseSeconds, actor, now: clock.sqlNow() }
  const adopted = await adoptOrphan(pool, { taskId: claim.task.id, leaseToken: claim.leaseToken }, options)
  // The answer to an adoption that worked may have been lost.
  return adopted ?? (await renew(context, run))
}

function outputOf(context: DispatcherContext, run: Run): OutputLog {
  const { pool, clock, policy, events } = context
  const { claim, orphan, control, giveUp } = run
  return new OutputLog({
    clock,
    control,
    offset: orphan?.logBytes ?? 0,
    append: (offset, bytes) =>
      insist(context, giveUp, () =>
        appendLog(pool, {
          taskId: claim.task.id,
          leaseToken: claim.leaseToken,
          agentId: claim.agentId,
          offset,
          text: bytes,
          maxBytes: policy.logLimitBytes,
        }),
      ).catch((error: unknown) => {
        events.outputLost(idsOf(run), error)
        return undefined
      }),
  })
}

async function recallOutput(
  { pool }: DispatcherContext,
  { claim, logBytes }: Orphan,
  output: OutputLog,
): Promise<void> {
  const { id, attempt } = claim.task
  output.recall(await readLogEnd(pool, id, attempt, logBytes, RECALLED_BYTES))
}
