export type Part =
  { readonly kind: 'text'; readonly bytes: Buffer } | { readonly kind: 'control'; readonly words: string }

/**
 * Takes the control lines out of a stream of output. A control line is the record separator (0x1e), the run's nonce, a
 * space, words and a line feed. It may begin anywhere, since output need not end with a line feed, and it may be
 * split over chunks anywhere. Output cannot imitate it without knowing the nonce.
 */
export class ControlLineParser {
  readonly #marker: Buffer
  #held: Buffer = Buffer.alloc(0)

  constructor(nonce: string) {
    this.#marker = Buffer.from(`\u001e${nonce} `)
  }

  push(chunk: Buffer): Part[] {
    const parts: Part[] = []
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (;;) {
      const start = rest.indexOf(this.#marker)
      const end = start === -1 ? -1 : rest.indexOf(0x0a, start)
      const textEnd = start === -1 ? rest.length - this.#partialMarkerLength(rest) : start
      if (textEnd > 0) parts.push({ kind: 'text', bytes: rest.subarray(0, textEnd) })
      if (end === -1) {
        this.#held = rest.subarray(textEnd)
        return parts
      }
      parts.push({ kind: 'control', words: rest.toString('utf8', start + this.#marker.length, end) })
      rest = rest.subarray(end + 1)
    }
  }

  /** What is left when the stream has ended: the beginning of a control line that never became one. */
  end(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** How many bytes at the end may be the beginning of a marker. */
  #partialMarkerLength(bytes: Buffer): number {
    for (let length = Math.min(this.#marker.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#marker.subarray(0, length))) return length
    }
    return 0
  }
}
