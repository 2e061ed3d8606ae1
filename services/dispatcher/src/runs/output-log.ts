import { StringDecoder } from 'node:string_decoder'
import { LastLines } from '@switchyard/core'
import type { Clock } from '@switchyard/platform'
import type { AppendLogResult } from '@switchyard/store'
import type { RunControl } from './run-control.ts'

const COLLECT_MILLISECONDS = 100
/** Each batch is a commit: with a quarter of this, storing takes three times as long. */
const BATCH_BYTES = 256 * 1024

export interface OutputLogOptions {
  readonly clock: Clock
  readonly control: RunControl
  /** How many bytes are stored already. */
  readonly offset: number
  /** Stores bytes at an offset. Undefined when it never will be. */
  readonly append: (offset: number, bytes: Buffer) => Promise<AppendLogResult | undefined>
}

/**
 * Writes a run's output to its log byte for byte, in order and in batches: what arrives within a moment, or 256 KiB. While
 * that much waits to be stored, `write` does not resolve, and no more is read from the host. Keeps the last lines.
 */
export class OutputLog {
  readonly #options: OutputLogOptions
  readonly #lastLines = new LastLines()
  readonly #decoder = new StringDecoder('utf8')
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Stored so far. */
  #offset: number
  /** Written so far. */
  #end: number
  #finishing = false
  /** Nothing can be stored any more. */
  #givenUp = false
  #collecting = new AbortController()
  #pump: Promise<void> | null = null
  #room = newRoom()

  constructor(options: OutputLogOptions) {
    this.#options = options
    this.#offset = options.offset
    this.#end = options.offset
  }

  /** The offset behind everything that was written. */
  end(): number {
    return this.#end
  }

  /** Takes output that somebody else has stored into the last lines. */
  recall(bytes: Buffer): void {
    this.#lastLines.add(this.#decoder.write(bytes))
  }

  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return
    this.#end += bytes.length
    this.#lastLines.add(this.#decoder.write(bytes))
    if (this.#givenUp) return
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#isFull()) this.#collecting.abort()
    this.#pump ??= this.#run()
    while (this.#isFull()) await this.#room.made
  }

  /** Resolves when everything written so far is stored, or can no longer be. */
  async finish(): Promise<void> {
    this.#finishing = true
    this.#collecting.abort()
    await this.#pump
  }

  summary(): string {
    return this.#lastLines.read()
  }

  #isFull(): boolean {
    return this.#pendingBytes >= BATCH_BYTES
  }

  async #run(): Promise<void> {
    try {
      while (this.#pendingBytes > 0) {
        if (!this.#finishing && !this.#isFull()) {
          this.#collecting = new AbortController()
          await this.#options.clock.sleep(COLLECT_MILLISECONDS, this.#collecting.signal)
        }
        await this.#store(this.#take())
      }
    } finally {
      this.#pump = null
    }
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    this.#room.make()
    this.#room = newRoom()
    return bytes
  }

  async #store(bytes: Buffer): Promise<void> {
    if (this.#givenUp) return
    const { append, control } = this.#options
    const end = this.#offset + bytes.length
    const result = await append(this.#offset, bytes)
    switch (result?.kind) {
      case 'appended':
        this.#offset = end
        if (result.cancelRequested) control.cancel()
        return
      case 'wrong_offset':
        this.#offset = result.expectedOffset
        // Stored by a call whose answer was lost on its way. Anything else can only be somebody else's work.
        if (result.expectedOffset === end) return
        break
      case 'lease_lost':
      case undefined:
        break
    }
    this.#givenUp = true
    if (result !== undefined) control.letGo('lease_lost')
  }
}

function newRoom(): { readonly made: Promise<void>; readonly make: () => void } {
  let make: () => void = () => undefined
  const made = new Promise<void>((resolve) => (make = resolve))
  return { made, make }
}
