import { StringDecoder } from 'node:string_decoder'
import type { ClientChannel } from 'ssh2'
import { ControlLineParser } from './control-lines.ts'
import { within } from './deadline.ts'

/** How the channel ended. Both null: the connection went away. */
export interface ChannelEnd {
  readonly code: number | null
  readonly signal: string | null
}

const PRELUDE_BYTES = 2000
const PEACE_MILLISECONDS = 1000

/**
 * A conversation with a program of ours on the host: control lines come one at a time from `next`, everything between
 * them goes to `onBytes`, in order. No more is read from the channel while `onBytes` is busy, so that a fast command is
 * slowed down instead of filling our memory.
 *
 * What comes before the first control line is the login shell's talk; it is kept, up to a limit, as `prelude`,
 * because it explains why a program of ours never spoke.
 */
export class RemoteDialogue {
  readonly closed: Promise<ChannelEnd>
  readonly #channel: ClientChannel
  readonly #parser: ControlLineParser
  readonly #onBytes: (bytes: Buffer) => Promise<void>
  readonly #lines: string[] = []
  #wake: (() => void) | null = null
  #prelude = Buffer.alloc(0)
  #spoken = false
  #muted = false
  #ended = false
  #work: Promise<void> = Promise.resolve()

  /** `onBytes` must not reject. */
  constructor(channel: ClientChannel, nonce: string, onBytes: (bytes: Buffer) => Promise<void>) {
    this.#channel = channel
    this.#parser = new ControlLineParser(nonce)
    this.#onBytes = onBytes
    // A channel has no way to recover, and its close follows.
    channel.on('error', () => undefined)
    channel.on('data', (chunk: Buffer) => {
      channel.pause()
      this.#work = this.#work.then(() => this.#take(chunk)).then(() => void channel.resume())
    })
    channel.stderr.on('data', (chunk: Buffer) => this.#addPrelude(chunk))
    this.closed = new Promise((resolve) => {
      channel.once('close', (code?: number | null, signal?: string | null) => {
        this.#work = this.#work.then(() => this.#finish())
        void this.#work.then(() => resolve({ code: code ?? null, signal: signal ?? null }))
      })
    })
  }

  get prelude(): string {
    // A decoder leaves out the character that was cut in two.
    return new StringDecoder('utf8').write(this.#prelude)
  }

  write(text: string): void {
    this.#channel.write(text)
  }

  /** Ends the remote program's standard input. */
  endInput(text: string): void {
    this.#channel.end(text)
  }

  /** The next control line's words; null when the channel has closed and there are none. One caller at a time. */
  async next(): Promise<string | null> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#ended) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** True when the channel has closed, with everything it brought taken. */
  get isOver(): boolean {
    return this.#ended
  }

  /** From now on bytes are read and dropped. Resolves when `onBytes` is no longer busy. */
  mute(): Promise<void> {
    this.#muted = true
    return this.#work
  }

  close(): void {
    this.#channel.close()
  }

  /** Lets a program that has said its last word end, so that its server counts the channel no longer; then closes. */
  async closeInPeace(): Promise<void> {
    await within(PEACE_MILLISECONDS, this.closed)
    this.#channel.close()
  }

  async #take(chunk: Buffer): Promise<void> {
    for (const part of this.#parser.push(chunk)) {
      if (part.kind === 'text') await this.#say(part.bytes)
      else this.#hear(part.words)
    }
  }

  async #say(bytes: Buffer): Promise<void> {
    if (!this.#spoken) {
      this.#addPrelude(bytes)
      return
    }
    if (bytes.length > 0 && !this.#muted) await this.#onBytes(bytes)
  }

  #addPrelude(bytes: Buffer): void {
    if (!this.#spoken) this.#prelude = Buffer.concat([this.#prelude, bytes]).subarray(0, PRELUDE_BYTES)
  }

  #hear(words: string): void {
    this.#spoken = true
    this.#lines.push(words)
    this.#wake?.()
  }

  async #finish(): Promise<void> {
    await this.#say(this.#parser.end())
    this.#ended = true
    this.#wake?.()
  }
}
