import { runEnvironment } from '@switchyard/core'
import type { DispatcherContext } from '../context.ts'
import type { DialFailure } from '../ssh/index.ts'
import { targetOf } from '../ssh-target.ts'
import { followRun } from './follow-run.ts'
import { recordHostFailed, recordHostWorked } from './keep-host-record.ts'
import { idsOf } from './run-parts.ts'
import type { RunParts } from './run-parts.ts'
import type { RunEnd } from './run-end.ts'
import { folderOf } from './run-place.ts'

/** Starts the run on its host, and follows it from its first byte. */
export async function launchRun(context: DispatcherContext, parts: RunParts): Promise<RunEnd> {
  const { ssh, events } = context
  const { run } = parts
  const { host, claim, control, giveUp } = run
  const result = await ssh.launch(targetOf(host), {
    ...folderOf(host, claim),
    command: host.command,
    workdir: host.workdir,
    // The task's own variables win over the host's, since an agent reports by them.
    environment: { ...host.env, ...runEnvironment(claim.task, claim.agentId) },
    prompt: claim.task.prompt,
    timeoutSeconds: host.timeoutSeconds,
    onReady: () => startClaim(parts),
    signal: control.signal,
  })
  if (result.kind !== 'unreachable') events.dialled(idsOf(run))
  switch (result.kind) {
    case 'launched':
      events.runStarted(idsOf(run), result.processGroup)
      // Only now: no commit but the start's stands between the claim and the command.
      await recordHostWorked(context, control.signal, host)
      return followRun(context, parts)
    case 'already':
    case 'uncertain':
      return followRun(context, parts)
    case 'unreachable':
      return dialFailed(context, parts, result.failure)
    case 'not_started':
      // A host that lets us in and then starts nothing fails as much as one that does not answer.
      await recordHostFailed(context, giveUp, host, result)
      return result
    case 'workdir_missing':
    case 'command_not_found':
      await recordHostWorked(context, giveUp, host)
      return result
    case 'cancelled':
      if (control.letGoCause() === 'lease_expired') {
        const message = 'it let us in, but did not get the command ready before the start deadline'
        await recordHostFailed(context, giveUp, host, { message })
      }
      return { kind: 'not_begun' }
  }
}

/** The lease comes first: the command starts only when this resolves. */
async function startClaim({ lease }: RunParts): Promise<void> {
  if (!(await lease.start())) throw new Error('the claim may not be started any more')
}

async function dialFailed(
  context: DispatcherContext,
  { run }: RunParts,
  failure: DialFailure,
): Promise<RunEnd> {
  // Cancelled by ourselves: that says nothing about the host.
  if (failure.kind === 'cancelled') return { kind: 'not_begun' }
  context.events.dialFailed(idsOf(run), failure)
  // Before the task is given back: it would be claimed for this very host again.
  await recordHostFailed(context, run.giveUp, run.host, failure)
  return { kind: 'not_dialled', message: failure.message }
}
