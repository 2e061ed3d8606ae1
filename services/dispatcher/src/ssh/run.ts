import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { startDeadline, within } from './deadline.ts'
import { Interruption, type InterruptionCause } from './interruption.ts'
import { killGroup, lookAtGroup, type KillResult, type KillTiming } from './kill-group.ts'
import { refuseRequest } from './refuse-request.ts'
import { RemoteDialogue, type ChannelEnd } from './remote-dialogue.ts'
import { CONTROL, encodePreparation, GO, RUN_COMMAND_LINE } from './remote-program.ts'
import type { RunRequest, RunResult } from './run-result.ts'
import { signalOfCode } from './signal-of-code.ts'

export interface RunTiming extends KillTiming {
  /** How long the host's shell may take to get ready for the command. */
  readonly startSeconds: number
  /** How long output is still taken after the command has ended, when a process it left behind holds it open. */
  readonly lingerSeconds: number
}

/** Gives a connection with room for one more channel, for as long as `use` takes. */
export type BorrowConnection = (
  use: (connection: Pick<Connection, 'execute'>) => Promise<KillResult>,
) => Promise<KillResult>

const LEFT_BEHIND =
  '\n[switchyard] The command has ended, but a process that it left behind keeps its output open. Not waiting for it.\n'

/** Runs one command on the host and follows it to its end. Never rejects. */
export async function run(
  connection: Pick<Connection, 'execute'>,
  borrow: BorrowConnection,
  request: RunRequest,
  timing: RunTiming,
): Promise<RunResult> {
  const refusal = refuseRequest(request)
  if (refusal !== null) return { kind: 'not_started', message: refusal }
  if (request.signal.aborted) return { kind: 'cancelled' }
  const opened = await connection.execute(RUN_COMMAND_LINE)
  if (!opened.ok) return { kind: 'not_started', message: `no channel to run the command: ${opened.message}` }

  const interruption = new Interruption(request.signal)
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, async (text) => {
    try {
      await request.onOutput(text)
    } catch {
      // Nobody takes the output any more: the run has lost its holder.
      void dialogue.mute()
      interruption.interrupt('cancelled')
    }
  })
  try {
    dialogue.write(encodePreparation({ ...request, nonce }))
    const prepared = await prepare(dialogue, interruption, request, timing)
    if (prepared.kind !== 'ready') return prepared
    return await follow(dialogue, interruption, prepared.processGroup, borrow, request, timing)
  } finally {
    interruption.dispose()
    void dialogue.mute()
    dialogue.close()
  }
}

interface Ready {
  readonly kind: 'ready'
  readonly processGroup: number
}

async function prepare(
  dialogue: RemoteDialogue,
  interruption: Interruption,
  request: RunRequest,
  timing: RunTiming,
): Promise<Ready | RunResult> {
  const next = dialogue.next()
  const line = await within(
    timing.startSeconds * 1000,
    Promise.race([next, interruption.happened.then(() => 'stop')]),
  )
  const early = interruption.cause()
  if (early !== null) return { kind: early }
  const [word, rest] = splitOnce(line ?? '')
  switch (word) {
    case CONTROL.ready:
      return { kind: 'ready', processGroup: Number(rest) }
    case CONTROL.workdirMissing:
      return {
        kind: 'workdir_missing',
        message: `the host has no directory ${quoted(request.workdir)} to enter`,
      }
    case CONTROL.commandNotFound:
      return { kind: 'command_not_found', message: notFound(request.command[0], rest) }
    case CONTROL.noProcessGroup:
      return {
        kind: 'not_started',
        message: 'the SSH server gives commands no process group, so none could be stopped',
      }
    default:
      return { kind: 'not_started', message: await explainSilence(dialogue, line === null, timing) }
  }
}

async function follow(
  dialogue: RemoteDialogue,
  interruption: Interruption,
  processGroup: number,
  borrow: BorrowConnection,
  request: RunRequest,
  timing: RunTiming,
): Promise<RunResult> {
  try {
    await request.onStarting?.(processGroup)
  } catch {
    return { kind: 'cancelled' }
  }
  const early = interruption.cause()
  if (early !== null) return { kind: early }
  if (dialogue.isOver) return { kind: 'not_started', message: await explainSilence(dialogue, true, timing) }
  dialogue.write(GO)
  dialogue.endInput(request.stdin)
  const deadline = startDeadline(request.timeoutSeconds * 1000)
  void deadline.passed.then(() => interruption.interrupt('timed_out'))
  const next = dialogue.next()
  await Promise.race([next, interruption.happened])
  deadline.clear()
  const cause = interruption.cause()
  if (cause !== null) return stop(dialogue, cause, processGroup, borrow, timing)

  const [word, code] = splitOnce((await next) ?? '')
  if (word !== CONTROL.exit) return explainLoss(await dialogue.closed, processGroup, borrow)
  await letGo(dialogue, request, timing)
  const signal = signalOfCode(Number(code))
  return signal === null ? { kind: 'exited', code: Number(code) } : { kind: 'killed', signal }
}

async function stop(
  dialogue: RemoteDialogue,
  cause: InterruptionCause,
  processGroup: number,
  borrow: BorrowConnection,
  timing: RunTiming,
): Promise<RunResult> {
  const killed = await borrow((connection) => killGroup(connection, processGroup, timing))
  // The last words of the command are worth having, but not worth waiting for.
  await within(timing.lingerSeconds * 1000, dialogue.closed)
  return killed.gone ? { kind: cause } : { kind: 'kill_unverified', cause, message: killed.message }
}

/** The command has ended; its output ends with it, unless a child of it still holds the other end. */
async function letGo(dialogue: RemoteDialogue, request: RunRequest, timing: RunTiming): Promise<void> {
  if ((await within(timing.lingerSeconds * 1000, dialogue.closed)) !== 'late') return
  await dialogue.mute()
  // The run has its result; that nobody takes this last line does not change it.
  await request.onOutput(LEFT_BEHIND).catch(() => undefined)
}

/** The channel closed before the remote program told the command's end. */
async function explainLoss(
  end: ChannelEnd,
  processGroup: number,
  borrow: BorrowConnection,
): Promise<RunResult> {
  if (end.code === null && end.signal === null) {
    return { kind: 'connection_lost', message: 'the connection was lost while the command ran' }
  }
  // Something killed our program on the host. When the command went the same way, as it does when the host kills
  // the whole session for want of memory, that is an ending like any other.
  const looked = await borrow((connection) => lookAtGroup(connection, processGroup))
  if (looked.gone && end.signal !== null) return { kind: 'killed', signal: end.signal }
  const how = end.signal ?? `exit code ${String(end.code)}`
  return {
    kind: 'connection_lost',
    message: `the shell around the command ended (${how}) before the command did`,
  }
}

async function explainSilence(dialogue: RemoteDialogue, closed: boolean, timing: RunTiming): Promise<string> {
  const said = dialogue.prelude.trim()
  const quote = said === '' ? '' : `; it said: ${said}`
  if (!closed) return `the host's shell was not ready within ${timing.startSeconds} s${quote}`
  const { code, signal } = await dialogue.closed
  if (code === null && signal === null) return `the connection was lost before the command started${quote}`
  return `the host's shell ended (${signal ?? `exit code ${String(code)}`}) before the command started${quote}`
}

function notFound(program: string | undefined, path: string): string {
  return `the host has no executable ${quoted(program)}; its PATH for SSH commands is ${path}`
}

function quoted(value: string | null | undefined): string {
  return JSON.stringify(value ?? '')
}

function splitOnce(line: string): [string, string] {
  const space = line.indexOf(' ')
  return space === -1 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)]
}
