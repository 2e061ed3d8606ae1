import type { Ending } from './exit-codes.ts'

/** An expected ending that is not success: what happened, and what to do next. Everything else that is thrown is a bug. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly ending: Ending
  /** What to do now, in one or more lines; null when the message says it all. */
  readonly next: string | null
  /** What `--json` shows of it: the API's problem document, when there is one. */
  readonly document: unknown

  constructor(ending: Ending, message: string, next: string | null = null, document: unknown = null) {
    super(message)
    this.ending = ending
    this.next = next
    this.document = document
  }
}

/** The command has said all that there is to say; only the exit code is left. */
export class SilentExit extends Error {
  override readonly name = 'SilentExit'
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${String(exitCode)}`)
    this.exitCode = exitCode
  }
}
