import { backoffSeconds, REACH_BACKOFF } from '@switchyard/core'
import type { DispatcherContext } from '../context.ts'
import type { FollowResult, KillResult } from '../ssh/index.ts'
import { targetOf } from '../ssh-target.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { idsOf } from './run-parts.ts'
import type { RunParts } from './run-parts.ts'
import type { RunEnd } from './run-end.ts'
import { folderOf } from './run-place.ts'

/** How long the last output of a run that was ended may take; what it does not deliver then is missing. */
const LAST_OUTPUT_MILLISECONDS = 5000

/** The host itself ends a command that is over its time. One that goes on for so much longer has lost what watches over it. */
const OVERTIME_SECONDS = 60

/**
 * Follows a run to its end, over as many connections as it takes, from the first byte that is missing. A run that somebody
 * asks to end is killed. An orphan is adopted when it was found, and only then.
 */
export async function followRun(context: DispatcherContext, parts: RunParts): Promise<RunEnd> {
  const { ssh } = context
  const { run, lease, output } = parts
  const { host, claim, orphan, control } = run
  const reach = watchReach(context, parts, control.signal)
  const overtime = watchOvertime(context, parts)
  let found = orphan === null
  if (found) overtime.begin()
  for (;;) {
    const result = await ssh.follow(targetOf(host), {
      ...folderOf(host, claim),
      offset: output.end(),
      async onFound() {
        reach.reached()
        if (found) return
        found = true
        overtime.begin()
        if (!(await lease.start())) throw new Error('it is no longer ours, or is to be ended')
        context.events.adopted(idsOf(run), output.end())
      },
      onOutput: (bytes) => output.write(bytes),
      signal: AbortSignal.any([control.signal, overtime.signal]),
    })
    if (result.kind === 'exited' || result.kind === 'lost' || result.kind === 'never_started') return result
    if (control.letGoCause() !== null) return { kind: 'let_go' }
    if (control.isCancelRequested() && found) return killRun(context, parts)
    if (overtime.signal.aborted) return asTimedOut(await killRun(context, parts))
    const message = messageOf(result)
    if (message === null) return { kind: 'let_go' }
    if (!found) return { kind: 'not_probed', message }
    if (!(await reach.isWorthwhile(message))) return { kind: 'out_of_reach', message }
  }
}

/** Ends a run on its host, and takes its last words. */
async function killRun(context: DispatcherContext, parts: RunParts): Promise<RunEnd> {
  const { ssh } = context
  const { host, claim, control } = parts.run
  const reach = watchReach(context, parts, control.letGoSignal)
  for (;;) {
    const killing = ssh.kill(targetOf(host), folderOf(host, claim))
    const result = await unlessAborted(control.letGoSignal, killing)
    if (result === 'aborted') return { kind: 'let_go' }
    switch (result.kind) {
      case 'gone':
        await takeLastOutput(context, parts)
        return { kind: 'cancelled' }
      case 'alive':
        return { kind: 'kill_unverified', message: result.message }
      case 'cut':
      case 'unreachable': {
        const message = messageOf(result) ?? ''
        if (!(await reach.isWorthwhile(message))) return { kind: 'out_of_reach', message }
      }
    }
    if (control.letGoCause() !== null) return { kind: 'let_go' }
  }
}

function asTimedOut(end: RunEnd): RunEnd {
  return end.kind === 'cancelled' ? { kind: 'exited', code: 143, timedOut: true, resultFile: null } : end
}

interface Overtime {
  /** Aborts when the run should long have been ended by its host. */
  readonly signal: AbortSignal
  /** It runs, or has ended: that shows within less than the time that is always allowed. */
  begin(): void
}

function watchOvertime({ clock }: DispatcherContext, { run, lease }: RunParts): Overtime {
  const overtime = new AbortController()
  const begun = clock.now().getTime() - (run.orphan?.ranSeconds ?? 0) * 1000
  return {
    signal: overtime.signal,
    begin() {
      const ran = clock.now().getTime() - begun
      const left = Math.max(0, run.host.timeoutSeconds * 1000 - ran) + OVERTIME_SECONDS * 1000
      void clock.sleep(left, lease.stopped).then(() => overtime.abort())
    },
  }
}

async function takeLastOutput({ ssh }: DispatcherContext, { run, output }: RunParts): Promise<void> {
  await ssh.follow(targetOf(run.host), {
    ...folderOf(run.host, run.claim),
    offset: output.end(),
    onOutput: (bytes) => output.write(bytes),
    signal: AbortSignal.any([run.control.letGoSignal, AbortSignal.timeout(LAST_OUTPUT_MILLISECONDS)]),
  })
}

interface Reach {
  reached(): void
  /** Pauses, and says whether to try the host again: false when it was out of reach for too long. */
  isWorthwhile(message: string): Promise<boolean>
}

function watchReach(
  { clock, policy, events, random }: DispatcherContext,
  { run }: RunParts,
  signal: AbortSignal,
): Reach {
  let since: number | null = null
  let failures = 0
  return {
    reached() {
      since = null
      failures = 0
    },
    async isWorthwhile(message) {
      const now = clock.now().getTime()
      since ??= now
      if (now - since >= policy.reconnectSeconds * 1000) return false
      failures += 1
      events.connectionLost(idsOf(run), message)
      const pause = Math.min(backoffSeconds(REACH_BACKOFF, failures, random()), policy.reconnectSeconds)
      await clock.sleep(pause * 1000, signal)
      return true
    },
  }
}

/** Why the host could not be asked; null when it was not its fault. */
function messageOf(result: FollowResult | KillResult): string | null {
  if (result.kind === 'cut') return result.message
  return result.kind === 'unreachable' ? result.failure.message : null
}
