import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { within } from './deadline.ts'
import {
  ASK_LOG,
  ASK_RESULT,
  encodeFollow,
  FOLLOW,
  FOLLOW_COMMAND_LINE,
  RESULT_LIMIT_BYTES,
} from './follow-program.ts'
import type { RunTiming } from './launch.ts'
import { RemoteDialogue } from './remote-dialogue.ts'
import type { FollowRequest, FollowResult } from './results.ts'
import { unlessAborted } from '../unless-aborted.ts'

/** Between two looks at the output: soon after some came, then longer and longer. */
const SHORTEST_PAUSE_MILLISECONDS = 50
const LONGEST_PAUSE_MILLISECONDS = 500

/** Follows a run to its end, or to the end of the connection. Never rejects. */
export async function follow(
  connection: Pick<Connection, 'execute'>,
  request: FollowRequest,
  timing: Pick<RunTiming, 'startSeconds'>,
): Promise<FollowResult> {
  const opened = await connection.execute(FOLLOW_COMMAND_LINE)
  if (!opened.ok) return { kind: 'cut', message: `no channel to follow the run: ${opened.message}` }
  const following = new Following(opened.channel, request, timing)
  try {
    return await following.toTheEnd()
  } finally {
    following.end()
  }
}

class Following {
  readonly #request: FollowRequest
  readonly #startSeconds: number
  readonly #dialogue: RemoteDialogue
  readonly #stop = new AbortController()
  /** Stopped, or nothing more will come. */
  readonly #over = new AbortController()
  readonly #onAbort = () => this.#stop.abort()
  #delivered = 0
  /** What comes after the question for it is the result file. */
  #result: Buffer[] | null = null

  constructor(
    channel: ConstructorParameters<typeof RemoteDialogue>[0],
    request: FollowRequest,
    timing: Pick<RunTiming, 'startSeconds'>,
  ) {
    this.#request = request
    this.#startSeconds = timing.startSeconds
    this.#stop.signal.addEventListener('abort', () => this.#over.abort(), { once: true })
    if (request.signal.aborted) this.#stop.abort()
    else request.signal.addEventListener('abort', this.#onAbort, { once: true })
    const nonce = randomUUID()
    this.#dialogue = new RemoteDialogue(channel, nonce, (bytes) => this.#take(bytes))
    void this.#dialogue.closed.then(() => this.#over.abort())
    this.#dialogue.write(encodeFollow(nonce, request, request.offset))
  }

  async toTheEnd(): Promise<FollowResult> {
    const found = await within(this.#startSeconds * 1000, this.#next())
    if (found === 'aborted') return { kind: 'stopped' }
    if (found === FOLLOW.neverStarted) return { kind: 'never_started' }
    if (found !== FOLLOW.found) return { kind: 'cut', message: explain(found, this.#dialogue.prelude) }
    try {
      await this.#request.onFound?.()
    } catch {
      return { kind: 'stopped' }
    }
    return this.#look()
  }

  end(): void {
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    void this.#dialogue.mute()
    this.#dialogue.close()
  }

  async #look(): Promise<FollowResult> {
    for (let pause = SHORTEST_PAUSE_MILLISECONDS; ;) {
      const before = this.#delivered
      this.#dialogue.write(ASK_LOG)
      const line = await this.#next()
      if (this.#stop.signal.aborted) return { kind: 'stopped' }
      const [word, code, mark] = (line ?? '').split(' ')
      if (word === FOLLOW.exit) return this.#exited(Number(code), mark !== undefined)
      if (word === FOLLOW.lost) return { kind: 'lost' }
      if (word !== FOLLOW.running) return { kind: 'cut', message: explain(line, '') }
      pause =
        this.#delivered > before
          ? SHORTEST_PAUSE_MILLISECONDS
          : Math.min(pause * 1.5, LONGEST_PAUSE_MILLISECONDS)
      await delay(pause, undefined, { signal: this.#over.signal }).catch(() => undefined)
    }
  }

  async #exited(code: number, timedOut: boolean): Promise<FollowResult> {
    this.#result = []
    this.#dialogue.write(ASK_RESULT)
    const line = await this.#next()
    if (line === 'aborted') return { kind: 'stopped' }
    if (line !== FOLLOW.result) return { kind: 'cut', message: explain(line, '') }
    const bytes = Buffer.concat(this.#result)
    const usable = bytes.length > 0 && bytes.length <= RESULT_LIMIT_BYTES
    return { kind: 'exited', code, timedOut, resultFile: usable ? bytes : null }
  }

  #next(): Promise<string | null> {
    return unlessAborted(this.#stop.signal, this.#dialogue.next())
  }

  async #take(bytes: Buffer): Promise<void> {
    if (this.#result !== null) {
      this.#result.push(bytes)
      return
    }
    this.#delivered += bytes.length
    try {
      await this.#request.onOutput(bytes)
    } catch {
      // Nobody takes the output any more.
      void this.#dialogue.mute()
      this.#stop.abort()
    }
  }
}

function explain(line: string | null, prelude: string): string {
  const said = prelude.trim() === '' ? '' : `; it said: ${prelude.trim()}`
  if (line === null) return `the connection was lost${said}`
  if (line === 'late') return `the host did not answer in time${said}`
  return line.startsWith(FOLLOW.failed) ? line.slice(FOLLOW.failed.length + 1) : `the host said: ${line}`
}
