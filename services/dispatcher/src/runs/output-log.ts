import type { Clock } from '@switchyard/platform'
import type { AppendLogResult } from '@switchyard/store'
import { LastLines } from './last-lines.ts'
import type { RunControl } from './run-control.ts'

const COLLECT_MILLISECONDS = 100
const BATCH_BYTES = 64 * 1024

export interface OutputLogOptions {
  readonly clock: Clock
  readonly control: RunControl
  /** Stores text at an offset. Undefined when it never will be. */
  readonly append: (offset: number, text: string) => Promise<AppendLogResult | undefined>
}

/**
 * Writes a run's output to its log, in order and in batches: what arrives within a moment, or 64 KiB. While that much
 * waits to be stored, `write` does not resolve, and the SSH channel stops the command. Keeps the last lines.
 */
export class OutputLog {
  readonly #options: OutputLogOptions
  readonly #lastLines = new LastLines()
  #pending = ''
  #pendingBytes = 0
  #offset = 0
  #finishing = false
  /** Nothing can be stored any more. */
  #givenUp = false
  #collecting = new AbortController()
  #pump: Promise<void> | null = null
  #room = newRoom()

  constructor(options: OutputLogOptions) {
    this.#options = options
  }

  async write(text: string): Promise<void> {
    if (text === '') return
    this.#lastLines.add(text)
    if (this.#givenUp) return
    this.#pending += text
    this.#pendingBytes += Buffer.byteLength(text)
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
      while (this.#pending !== '') {
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

  #take(): string {
    const text = this.#pending
    this.#pending = ''
    this.#pendingBytes = 0
    this.#room.make()
    this.#room = newRoom()
    return text
  }

  async #store(text: string): Promise<void> {
    const end = this.#offset + Buffer.byteLength(text)
    while (!this.#givenUp) {
      const result = await this.#options.append(this.#offset, text)
      switch (result?.kind) {
        case 'appended':
          this.#offset = result.nextOffset
          if (result.cancelRequested) this.#options.control.stop('cancel_requested')
          return
        case 'wrong_offset':
          this.#offset = result.expectedOffset
          // Stored by a call whose answer was lost on its way.
          if (result.expectedOffset === end) return
          break
        case 'lease_lost':
          this.#options.control.stop('lease_lost')
          this.#givenUp = true
          break
        case undefined:
          this.#givenUp = true
          break
      }
    }
  }
}

function newRoom(): { readonly made: Promise<void>; readonly make: () => void } {
  let make: () => void = () => undefined
  const made = new Promise<void>((resolve) => (make = resolve))
  return { made, make }
}
