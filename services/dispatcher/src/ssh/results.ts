import type { RunFolder } from './run-folder.ts'
import type { DialFailure } from './target.ts'

/** There was no way to ask the host. */
export interface Unreachable {
  readonly kind: 'unreachable'
  readonly failure: DialFailure
}

export interface LaunchRequest extends RunFolder {
  /** argv. The program is looked up on the host's PATH, and reaches no shell. */
  readonly command: readonly string[]
  /** Relative to the login directory unless absolute; null stays in the login directory. Nothing is expanded. */
  readonly workdir: string | null
  readonly environment: Readonly<Record<string, string>>
  /** Becomes the command's whole standard input. */
  readonly prompt: string
  /** The host itself ends the command after this time. */
  readonly timeoutSeconds: number
  /**
   * Called once when the host is ready; the command starts after it resolves. A rejection (the holder may not start it)
   * cancels, with nothing started.
   */
  onReady?(): Promise<void>
  /** Cancels, until the command has been told to start. */
  readonly signal: AbortSignal
}

export type LaunchResult =
  /** It runs, and goes on without us. */
  | { readonly kind: 'launched'; readonly processGroup: number }
  /** There was a launch of this run before this one; whether that one started it shows when it is followed. */
  | { readonly kind: 'already' }
  /** It was told to start, and what came of that is unknown: following it tells. */
  | { readonly kind: 'uncertain'; readonly message: string }
  /** All of the following: provably not started, and never will be. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'workdir_missing'; readonly message: string }
  | { readonly kind: 'command_not_found'; readonly message: string }
  | { readonly kind: 'not_started'; readonly message: string }
  | Unreachable

export interface FollowRequest extends RunFolder {
  /** The first byte of output that is wanted. */
  readonly offset: number
  /** Called once when the run was found to have started, before any output. A rejection stops following. */
  onFound?(): Promise<void>
  /** Standard output and standard error as they came. Nothing more is read before it resolves; a rejection stops following. */
  onOutput(bytes: Buffer): Promise<void>
  /** Stops following. The run itself goes on. */
  readonly signal: AbortSignal
}

export type FollowResult =
  /** It ended, and all its output was delivered. */
  | {
      readonly kind: 'exited'
      /** A shell reports a signal as 128 + its number. */
      readonly code: number
      /** The host ended it because it was over its time. */
      readonly timedOut: boolean
      /** What it left in SWITCHYARD_RESULT_FILE; null when there is none, or more than is allowed. */
      readonly resultFile: Buffer | null
    }
  /** It never started, and never will. */
  | { readonly kind: 'never_started' }
  /** It is gone without an exit code: the host was restarted, or everything was killed. */
  | { readonly kind: 'lost' }
  /** The signal, or a rejection. */
  | { readonly kind: 'stopped' }
  /** The host no longer answers; output was delivered up to some byte. */
  | { readonly kind: 'cut'; readonly message: string }
  | Unreachable

export type KillResult =
  /** Nothing of it is alive. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'alive'; readonly message: string }
  | { readonly kind: 'cut'; readonly message: string }
  | Unreachable
