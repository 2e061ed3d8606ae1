import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { follow } from './follow.ts'
import { kill } from './kill.ts'
import { openLaunchChannel } from './launch-channel.ts'
import { launch, tryLaunch, type RunTiming } from './launch.ts'
import type { LaunchRequest, LaunchResult } from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { survey, type Survey } from './survey.ts'

/** What a run on the host would begin with. */
export type TrialRequest = Pick<LaunchRequest, 'root' | 'command' | 'workdir' | 'environment'>

/** What is wrong with the host's directory or command. */
type Missing = Extract<LaunchResult, { kind: 'workdir_missing' | 'command_not_found' }>

/** What can be said about a host that let us in. */
export interface Examination {
  /** Why no run can be started, followed and ended there; null when one was. */
  readonly launcher: string | null
  /** `ready`: the host would start the command. Null: it could not be asked. */
  readonly command: 'ready' | Missing | null
  readonly survey: Survey | null
}

/** What the trial run does until it is ended. Its host ends it by itself when nobody does. */
const TRIAL_COMMAND = ['sh', '-c', 'sleep 60']
const TRIAL_SECONDS = 30

/**
 * Finds out what a run would meet: asks whether the command could start, then starts, ends and follows a run of the same
 * programs that does nothing, and looks around. Leaves nothing on the host. Never rejects.
 */
export async function examine(
  connection: Pick<Connection, 'execute'>,
  request: TrialRequest,
  timing: RunTiming,
  signal: AbortSignal,
): Promise<Examination> {
  const open = () => openLaunchChannel(connection)
  const asked = await tryLaunch(open, { ...request, id: trialId(), signal }, timing)
  const isMissing = asked?.kind === 'workdir_missing' || asked?.kind === 'command_not_found'
  const command = asked === null ? 'ready' : isMissing ? asked : null
  const trial = { root: request.root, id: trialId() }
  const launcher =
    asked !== null && !isMissing
      ? messageOf(asked)
      : await tryRun(connection, { ...request, ...trial }, timing, signal)
  return { launcher, command, survey: await survey(connection, trial, timing) }
}

function trialId(): string {
  return `check-${randomUUID()}`
}

/** Null when the run that does nothing started, was ended, and its end was found by who followed it. */
async function tryRun(
  connection: Pick<Connection, 'execute'>,
  request: RunFolder & Pick<LaunchRequest, 'environment'>,
  timing: RunTiming,
  signal: AbortSignal,
): Promise<string | null> {
  const { root, id, environment } = request
  const launched = await launch(
    () => openLaunchChannel(connection),
    {
      ...{ root, id, environment, signal },
      ...{ command: TRIAL_COMMAND, workdir: null, prompt: '', timeoutSeconds: TRIAL_SECONDS },
    },
    timing,
  )
  if (launched.kind !== 'launched') return messageOf(launched)
  const killed = await kill(connection, { root, id }, timing)
  if (killed.kind !== 'gone') return `a run cannot be ended there: ${messageOf(killed)}`
  const following = { root, id, offset: 0, onOutput: () => Promise.resolve(), signal }
  const followed = await follow(connection, following, timing)
  return followed.kind === 'exited' ? null : `the end of a run is not known there: ${messageOf(followed)}`
}

function messageOf(result: {
  readonly kind: string
  readonly message?: string
  readonly failure?: { readonly message: string }
}): string {
  return result.message ?? result.failure?.message ?? result.kind
}
