import type { Readable } from 'node:stream'

/** Where output goes, with what is known of it. */
export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** In characters, when it is a terminal. */
  readonly columns?: number
  readonly rows?: number
}

/** What the program has of the process it runs in: nothing else reads its environment, its directories or its streams. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly homeDirectory: string
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly setRawMode?: (raw: boolean) => unknown }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** In milliseconds since 1970. */
  readonly now: () => number
  /** The version of this program. */
  readonly version: string
}
