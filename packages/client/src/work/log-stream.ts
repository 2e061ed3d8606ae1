import { isProblem, SwitchyardProblem } from '../problem.ts'
import type { Timing } from '../timing.ts'
import type { LogAppendAnswer } from '../wire/types.ts'

const COLLECT_MILLISECONDS = 200
const PIECE_BYTES = 128 * 1024
/** What waits to be sent; more is not kept, so that a long outage does not fill the memory. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024

export interface LogStreamOptions {
  readonly timing: Timing
  /** Ends all waiting for a server that does not answer. */
  readonly signal: AbortSignal
  /** Sends a piece, again and again until it is answered. */
  readonly append: (offset: number, text: string) => Promise<LogAppendAnswer>
  readonly onCancel: () => void
  readonly onLeaseLost: (reason: string) => void
  /** Nothing more can be stored; the work may go on. */
  readonly onLogLost: (reason: string) => void
}

/** Carries a task's log to the server: in order, each byte once, whatever the connection does. */
export class LogStream {
  readonly #options: LogStreamOptions
  readonly #encoder = new TextEncoder()
  /** A byte order mark is a character like any other: a piece may well begin with one. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #droppedBytes = 0
  /** The first half of a character whose second half has not come yet. */
  #half = ''
  /** Stored so far. */
  #offset = 0
  #givenUp = false
  #pump: Promise<void> | null = null
  #collecting = new AbortController()

  constructor(options: LogStreamOptions) {
    this.#options = options
  }

  write(text: string): void {
    if (this.#givenUp) return
    const whole = this.#half + text
    const last = whole.charCodeAt(whole.length - 1)
    const isHalf = last >= 0xd800 && last <= 0xdbff
    this.#half = isHalf ? whole.slice(-1) : ''
    this.#keep(this.#encoder.encode(isHalf ? whole.slice(0, -1) : whole))
  }

  /** Resolves when everything written so far is stored, or never will be. */
  async flushed(): Promise<void> {
    this.#collecting.abort()
    while (this.#pump !== null) await this.#pump
  }

  /** The same, also for half a character. */
  finish(): Promise<void> {
    const half = this.#half
    this.#half = ''
    if (half !== '' && !this.#givenUp) this.#keep(this.#encoder.encode(half))
    return this.flushed()
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#droppedBytes += bytes.length
      return
    }
    if (this.#droppedBytes > 0) {
      const notice = `\n[switchyard] ${this.#droppedBytes} bytes were not sent: the server was too far away.\n`
      this.#droppedBytes = 0
      this.#push(this.#encoder.encode(notice))
    }
    this.#push(bytes)
    if (this.#waitingBytes >= PIECE_BYTES) this.#collecting.abort()
    this.#pump ??= this.#run().finally(() => (this.#pump = null))
  }

  #push(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  async #run(): Promise<void> {
    const { timing } = this.#options
    while (this.#waitingBytes > 0 && !this.#givenUp) {
      if (this.#waitingBytes < PIECE_BYTES) {
        this.#collecting = new AbortController()
        await timing.sleep(COLLECT_MILLISECONDS, this.#collecting.signal).catch(() => undefined)
      }
      const all = joined(this.#waiting)
      const end = endOfWholeCharacter(all, PIECE_BYTES)
      this.#waiting = end < all.length ? [all.subarray(end)] : []
      this.#waitingBytes = all.length - end
      await this.#store(all.subarray(0, end))
    }
  }

  async #store(piece: Uint8Array): Promise<void> {
    const { append, onCancel, onLeaseLost, onLogLost, signal } = this.#options
    const begin = this.#offset
    const end = begin + piece.length
    while (this.#offset < end) {
      const rest = piece.subarray(Math.max(0, this.#offset - begin))
      try {
        const { next_offset, directive } = await append(this.#offset, this.#decoder.decode(rest))
        this.#offset = next_offset
        if (directive === 'cancel') onCancel()
      } catch (error) {
        const expected = expectedOffset(error)
        // Stored, wholly or in part, by a call whose answer was lost on its way.
        if (expected !== null && expected > this.#offset && expected <= end) {
          this.#offset = expected
          continue
        }
        this.#giveUp()
        if (signal.aborted) return
        if (isProblem(error, 'lease_lost')) onLeaseLost(error.happened)
        else onLogLost(error instanceof Error ? error.message : String(error))
        return
      }
    }
  }

  #giveUp(): void {
    this.#givenUp = true
    this.#waiting = []
    this.#waitingBytes = 0
  }
}

function expectedOffset(error: unknown): number | null {
  if (!(error instanceof SwitchyardProblem) || error.code !== 'wrong_offset') return null
  const expected = error.facts['expected_offset']
  return typeof expected === 'number' ? expected : null
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** Where to cut UTF-8 so that at most `limit` bytes are taken, and no character is cut in two. */
function endOfWholeCharacter(bytes: Uint8Array, limit: number): number {
  if (bytes.length <= limit) return bytes.length
  let end = limit
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return end
}
