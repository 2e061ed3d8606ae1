import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { constants as system } from 'node:os'
import type { RunFolder } from './run-folder.ts'
import type { Watchdog } from './watchdog.ts'

/** Between asking a command to end and ending it. */
const GRACE_MILLISECONDS = 5000
/** What still holds the output open after all that has left the process group. */
const LAST_OUTPUT_MILLISECONDS = 2000

export interface ChildOptions {
  readonly command: readonly [string, ...string[]]
  readonly env: NodeJS.ProcessEnv
  readonly folder: RunFolder
  readonly timeoutSeconds: number
  /** Aborting it ends the command. */
  readonly signal: AbortSignal
  readonly watchdog: Watchdog
  /** While it is pending no more is read. */
  readonly onOutput: (bytes: Buffer) => Promise<void> | void
}

export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly timedOut: boolean }
  | { readonly kind: 'not_started'; readonly error: NodeJS.ErrnoException }

/**
 * Runs a command in a process group of its own: the prompt is its whole standard input, and both outputs are one pipe, so that their
 * order is kept. Real files and pipes, as /dev/stdin and /dev/stderr need them. When it ends, so does what is left of its group.
 */
export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const { command, env, folder, timeoutSeconds, signal, watchdog } = options
  const [program, ...args] = command
  const input = openSync(folder.prompt, 'r')
  const reading = openSync(folder.output, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(folder.output, constants.O_WRONLY)
  const child = spawn(program, args, {
    cwd: folder.work,
    env,
    stdio: [input, writing, writing],
    detached: true,
  })
  if (child.pid !== undefined) watchdog.add(child.pid)
  closeSync(input)
  closeSync(writing)
  const output = readOutput(new Socket({ fd: reading, readable: true, writable: false }), options.onOutput)
  const ended = new Promise<{ code: number } | { error: NodeJS.ErrnoException }>((resolve) => {
    child.once('error', (error) => resolve({ error }))
    child.once('exit', (code, name) => resolve({ code: code ?? 128 + system.signals[name ?? 'SIGKILL'] }))
  })
  const group = child.pid
  if (group === undefined) {
    const end = await ended
    output.destroy()
    return { kind: 'not_started', error: 'error' in end ? end.error : new Error('it has no process id') }
  }

  let timedOut = false
  const over = new AbortController()
  const kill = (): void => void killGroup(group, over.signal)
  const timer = setTimeout(() => {
    timedOut = true
    kill()
  }, timeoutSeconds * 1000)
  if (signal.aborted) kill()
  signal.addEventListener('abort', kill, { once: true })
  const end = await ended
  clearTimeout(timer)
  signal.removeEventListener('abort', kill)
  over.abort()
  await killGroup(group, AbortSignal.timeout(GRACE_MILLISECONDS + 1000))
  watchdog.remove(group)
  await Promise.race([output.finished, delay(LAST_OUTPUT_MILLISECONDS, undefined, { ref: false })])
  output.destroy()
  return { kind: 'exited', code: 'code' in end ? end.code : 1, timedOut }
}

/** TERM, grace, KILL. Ends early when nothing of the group is left, or somebody else goes on. */
async function killGroup(group: number, signal: AbortSignal): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return
  const killAt = performance.now() + GRACE_MILLISECONDS
  while (performance.now() < killAt && !signal.aborted) {
    await delay(25)
    if (!signalGroup(group, 0)) return
  }
  if (!signal.aborted) signalGroup(group, 'SIGKILL')
}

function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}

function readOutput(
  socket: Socket,
  onOutput: ChildOptions['onOutput'],
): { readonly finished: Promise<void>; destroy(): void } {
  async function read(): Promise<void> {
    for await (const bytes of socket as AsyncIterable<Buffer>) await onOutput(bytes)
  }
  const finished = read().catch(() => undefined)
  return { finished, destroy: () => void socket.destroy() }
}
