/** How a run ended. Success is `exited` with code 0 and nothing else. */
export type RunResult =
  | { readonly kind: 'exited'; readonly code: number }
  /** Shells report a signal as 128 + its number, so a command that itself exits with such a code reads the same. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** Over its time. Whatever had started was killed and seen to be gone. */
  | { readonly kind: 'timed_out' }
  /** Asked to stop, or nobody takes the output any more. Whatever had started was killed and seen to be gone. */
  | { readonly kind: 'cancelled' }
  /** It was to be killed, and may still be alive. */
  | { readonly kind: 'kill_unverified'; readonly cause: 'timed_out' | 'cancelled'; readonly message: string }
  | { readonly kind: 'workdir_missing'; readonly message: string }
  | { readonly kind: 'command_not_found'; readonly message: string }
  /** The command was provably never started, so the task may be given to anybody else. */
  | { readonly kind: 'not_started'; readonly message: string }
  /** The command had started and its outcome is unknown. It may still be alive. */
  | { readonly kind: 'connection_lost'; readonly message: string }

export interface RunRequest {
  /** argv. The program is looked up on the host's PATH, and reaches no shell. */
  readonly command: readonly string[]
  /** Relative to the login directory unless absolute; null stays in the login directory. Nothing is expanded. */
  readonly workdir: string | null
  readonly environment: Readonly<Record<string, string>>
  /** Becomes the command's whole standard input. */
  readonly stdin: string
  /** From the moment when the command starts. */
  readonly timeoutSeconds: number
  /** Standard output and standard error in the order of writing. Nothing more is read before it resolves; a rejection cancels the run. */
  onOutput(text: string): Promise<void>
  /**
   * Called once when the host is ready; the command starts after it resolves. A rejection (the holder may not start it)
   * cancels, with nothing started. Once it has resolved only a verified end proves that nothing runs.
   */
  onStarting?(processGroup: number): Promise<void>
  /** Cancels. */
  readonly signal: AbortSignal
}
