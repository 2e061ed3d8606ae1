import type { Claim } from '@switchyard/core'
import { appendLog, renewLease } from '@switchyard/store'
import type { Host } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import type { RunIds } from '../events.ts'
import type { DialFailure, RunResult, SshSession } from '../ssh/index.ts'
import { targetOf } from '../ssh-target.ts'
import { insist } from './insist.ts'
import { recordHostFailed, recordHostWorked } from './keep-host-record.ts'
import { keepLease } from './lease-keeper.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import { OutputLog } from './output-log.ts'
import type { RunControl } from './run-control.ts'
import { runEnvironment } from './run-environment.ts'
import { settleRun } from './settle.ts'
import type { SettledAs } from './settle.ts'
import { actionFor, DISPATCHER_STOPPED, START_DEADLINE_PASSED } from './settle-run.ts'
import type { RunAction } from './settle-run.ts'

export interface Run {
  readonly host: Host
  readonly claim: Claim
  readonly control: RunControl
  /** Makes an end to waiting for a database that is away. */
  readonly giveUp: AbortSignal
  /** Called when the command is about to start. */
  readonly onStarting: () => void
}

/**
 * The life of one run: dial, start the claim, run the command, keep its output, settle the task. Returns what became of
 * the task. Rejects only when something unforeseen happens; the lease then runs out by itself.
 */
export async function executeRun(context: DispatcherContext, run: Run): Promise<SettledAs> {
  const lease = leaseOf(context, run)
  try {
    const action = await performRun(context, run, lease)
    return await settleRun(context, run.giveUp, run.claim, action)
  } finally {
    lease.stop()
  }
}

/** Names a run in the log. */
export function idsOf({ host, claim }: Pick<Run, 'host' | 'claim'>): RunIds {
  return { taskId: claim.task.id, hostId: host.id, attempt: claim.task.attempt }
}

async function performRun(context: DispatcherContext, run: Run, lease: LeaseKeeper): Promise<RunAction> {
  const { ssh, events } = context
  const dialled = await ssh.dial(targetOf(run.host), run.control.signal)
  if (!dialled.ok) return actionForFailedDial(context, run, dialled.failure)
  events.dialled(idsOf(run))
  try {
    return await runOnHost(context, run, lease, dialled.session)
  } finally {
    dialled.session.release()
  }
}

async function actionForFailedDial(
  context: DispatcherContext,
  run: Run,
  failure: DialFailure,
): Promise<RunAction> {
  // Cancelled by ourselves: that says nothing about the host.
  if (failure.kind === 'cancelled') return { kind: 'release', reason: whyNotStarted(run) }
  context.events.dialFailed(idsOf(run), failure)
  // Before the task is given back: it would be claimed for this very host again.
  await recordHostFailed(context, run.giveUp, run.host, failure)
  return { kind: 'release', reason: `host ${run.host.id} could not be dialled: ${failure.message}` }
}

function whyNotStarted({ control }: Run): string {
  return control.cause() === 'lease_expired' ? START_DEADLINE_PASSED : DISPATCHER_STOPPED
}

async function runOnHost(
  context: DispatcherContext,
  run: Run,
  lease: LeaseKeeper,
  session: SshSession,
): Promise<RunAction> {
  const { host, claim, control } = run
  const output = outputOf(context, run)
  let started = false
  const result = await session.run({
    command: host.command,
    workdir: host.workdir,
    environment: runEnvironment(host, claim),
    stdin: claim.task.prompt,
    timeoutSeconds: host.timeoutSeconds,
    onOutput: (text) => output.write(text),
    async onStarting(processGroup) {
      await startClaim(context, run, lease, processGroup)
      started = true
    },
    signal: control.signal,
  })
  await output.finish()
  await recordHost(context, run, result, started)
  return actionFor(result, {
    hostId: host.id,
    workdir: host.workdir,
    program: host.command[0] ?? '',
    timeoutSeconds: host.timeoutSeconds,
    summary: output.summary(),
    started,
    stopCause: control.cause(),
  })
}

/** The lease comes first: the command starts only when this resolves. */
async function startClaim(
  context: DispatcherContext,
  run: Run,
  lease: LeaseKeeper,
  processGroup: number,
): Promise<void> {
  if (!(await lease.start())) throw new Error('the claim may not be started any more')
  run.onStarting()
  context.events.runStarted(idsOf(run), processGroup)
  await recordHostWorked(context, run.control.signal, run.host)
}

/** A host that lets us in and then starts nothing, or not in time, fails as much as one that does not answer. */
async function recordHost(
  context: DispatcherContext,
  run: Run,
  result: RunResult,
  started: boolean,
): Promise<void> {
  const { host, control, giveUp } = run
  if (result.kind === 'not_started') await recordHostFailed(context, giveUp, host, result)
  if (result.kind === 'cancelled' && !started && control.cause() === 'lease_expired') {
    const message = 'it let us in, but did not get the command ready before the start deadline'
    await recordHostFailed(context, giveUp, host, { message })
  }
  if (result.kind === 'workdir_missing' || result.kind === 'command_not_found') {
    await recordHostWorked(context, giveUp, host)
  }
}

function leaseOf(
  { pool, clock, policy, dispatcherId, events, outage }: DispatcherContext,
  run: Run,
): LeaseKeeper {
  const { claim, control } = run
  return keepLease({
    clock,
    control,
    startSeconds: policy.startSeconds,
    leaseSeconds: policy.leaseSeconds,
    async renew() {
      const renewed = await renewLease(pool, {
        taskId: claim.task.id,
        leaseToken: claim.leaseToken,
        agentId: claim.agentId,
        leaseSeconds: policy.leaseSeconds,
        progress: null,
        actor: dispatcherId,
        now: clock.sqlNow(),
      })
      outage.worked()
      return renewed
    },
    onError(error) {
      if (!outage.noticed(error)) events.renewalFailed(idsOf(run), error)
    },
  })
}

function outputOf(context: DispatcherContext, run: Run): OutputLog {
  const { pool, clock, policy, events } = context
  const { claim, control, giveUp } = run
  return new OutputLog({
    clock,
    control,
    append: (offset, text) =>
      insist(context, giveUp, () =>
        appendLog(pool, {
          taskId: claim.task.id,
          leaseToken: claim.leaseToken,
          agentId: claim.agentId,
          offset,
          text,
          maxBytes: policy.logLimitBytes,
        }),
      ).catch((error: unknown) => {
        events.outputLost(idsOf(run), error)
        return undefined
      }),
  })
}
