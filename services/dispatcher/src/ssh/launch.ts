import { unlessAborted } from '../unless-aborted.ts'
import { within } from './deadline.ts'
import type { LaunchChannelResult } from './launch-channel.ts'
import { encodePreparation, encodePrompt, GO, LAUNCH } from './launch-program.ts'
import { refuseRequest } from './refuse-request.ts'
import type { RemoteDialogue } from './remote-dialogue.ts'
import type { LaunchRequest, LaunchResult } from './results.ts'

export interface RunTiming {
  /** How long the host may take for each of its answers. */
  readonly startSeconds: number
  /** Between the polite signal and the one that cannot be refused. */
  readonly killGraceSeconds: number
  /** From that one until nobody waits any longer for the processes to be gone. */
  readonly killDeadlineSeconds: number
}

type OpenChannel = () => Promise<LaunchChannelResult>

/** Starts a command on the host and leaves it alone. Never rejects. */
export async function launch(
  open: OpenChannel,
  request: LaunchRequest,
  timing: RunTiming,
): Promise<LaunchResult> {
  const refusal = refuseRequest(request)
  if (refusal !== null) return { kind: 'not_started', message: refusal }
  if (request.signal.aborted) return { kind: 'cancelled' }
  const opened = await open()
  if (!opened.ok) return { kind: 'not_started', message: `no channel to run the command: ${opened.message}` }
  const dialogue = opened.channel
  try {
    const { early, late } = encodePrompt(request.prompt)
    const promptBytes = Buffer.byteLength(request.prompt)
    dialogue.write(encodePreparation({ ...request, ...timing, promptBytes }) + early)
    return (await prepare(dialogue, request, timing)) ?? (await go(dialogue, request, timing, late))
  } finally {
    dialogue.close()
  }
}

/** Does everything that a launch does before it starts something. Null when the host could start the command. Never rejects. */
export async function tryLaunch(
  open: OpenChannel,
  request: Pick<LaunchRequest, 'root' | 'id' | 'command' | 'workdir' | 'environment' | 'signal'>,
  timing: RunTiming,
): Promise<LaunchResult | null> {
  const refusal = refuseRequest(request)
  if (refusal !== null) return { kind: 'not_started', message: refusal }
  const opened = await open()
  if (!opened.ok) return { kind: 'not_started', message: `no channel to run a command: ${opened.message}` }
  const dialogue = opened.channel
  try {
    dialogue.write(encodePreparation({ ...request, ...timing, timeoutSeconds: 1, promptBytes: 0 }))
    const result = await prepare(dialogue, request, timing)
    // Without the word, what the host has made is removed by itself.
    dialogue.endInput('')
    await dialogue.closeInPeace()
    return result
  } finally {
    dialogue.close()
  }
}

/** Null when the host is ready and waits for the word. */
async function prepare(
  dialogue: RemoteDialogue,
  request: Pick<LaunchRequest, 'signal' | 'workdir' | 'command' | 'onReady'>,
  timing: RunTiming,
): Promise<LaunchResult | null> {
  const { signal } = request
  const line = await answer(dialogue, signal, timing)
  if (signal.aborted) return { kind: 'cancelled' }
  const [word, rest] = splitOnce(line ?? '')
  switch (word) {
    case LAUNCH.ready:
      break
    case LAUNCH.workdirMissing:
      return {
        kind: 'workdir_missing',
        message: `the host has no directory ${JSON.stringify(request.workdir)} to enter`,
      }
    case LAUNCH.commandNotFound:
      return {
        kind: 'command_not_found',
        message: `the host has no executable ${JSON.stringify(request.command[0])}; its PATH for SSH commands is ${rest}`,
      }
    default:
      return { kind: 'not_started', message: await explainSilence(dialogue, line === null, timing) }
  }
  if (!(await mayStart(request))) return { kind: 'cancelled' }
  if (!dialogue.isOver) return null
  return { kind: 'not_started', message: await explainSilence(dialogue, true, timing) }
}

async function mayStart({ onReady, signal }: Pick<LaunchRequest, 'onReady' | 'signal'>): Promise<boolean> {
  try {
    await onReady?.()
  } catch {
    return false
  }
  return !signal.aborted
}

async function go(
  dialogue: RemoteDialogue,
  request: LaunchRequest,
  timing: RunTiming,
  latePrompt: string,
): Promise<LaunchResult> {
  dialogue.endInput(GO + latePrompt)
  const line = await answer(dialogue, request.signal, timing)
  const [word, rest] = splitOnce(line ?? '')
  switch (word) {
    case LAUNCH.launched:
      await dialogue.closeInPeace()
      return { kind: 'launched', processGroup: Number(rest) }
    case LAUNCH.already:
      return { kind: 'already' }
    case LAUNCH.failed:
      return { kind: 'not_started', message: rest }
    default: {
      const how = line === null ? 'nobody waited for its answer' : 'the host did not answer'
      return { kind: 'uncertain', message: `${how} after it was told to start the command` }
    }
  }
}

/** The host's next line; null when there will be none, or the signal aborts. */
async function answer(
  dialogue: RemoteDialogue,
  signal: AbortSignal,
  { startSeconds }: RunTiming,
): Promise<string | null> {
  const line = await within(startSeconds * 1000, unlessAborted(signal, dialogue.next()))
  return signal.aborted ? null : line
}

async function explainSilence(dialogue: RemoteDialogue, closed: boolean, timing: RunTiming): Promise<string> {
  const said = dialogue.prelude.trim()
  const quote = said === '' ? '' : `; it said: ${said}`
  if (!closed) return `the host's shell was not ready within ${timing.startSeconds} s${quote}`
  const { code, signal } = await dialogue.closed
  if (code === null && signal === null) return `the connection was lost before the command started${quote}`
  return `the host's shell ended (${signal ?? `exit code ${String(code)}`}) before the command started${quote}`
}

function splitOnce(line: string): [string, string] {
  const space = line.indexOf(' ')
  return space === -1 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)]
}
