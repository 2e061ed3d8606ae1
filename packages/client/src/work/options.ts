import type { Lease, Result, Task } from '../wire/types.ts'

/** What a handler is given beside its task. */
export interface WorkContext {
  /** Aborts when the work is to stop; its reason is a WorkAborted. */
  readonly signal: AbortSignal
  readonly lease: Lease
  /** Appends to the task's log: at once for the caller, in order and over lost connections for the reader. */
  readonly log: (text: string) => void
  /** Resolves when everything logged so far is stored, or never will be. For those who produce more than a network carries. */
  readonly logged: () => Promise<void>
  /** Says in a few words what is being done; shown with the task. */
  readonly progress: (text: string) => void
}

/**
 * Does one task. What it returns is the result; what it throws is the error: TaskFailure to choose its code and whether
 * another attempt makes sense, TaskRelease to give the task back.
 */
export type WorkHandler = (
  task: Task,
  context: WorkContext,
) => Promise<Result | undefined> | Result | undefined

export interface WorkOptions {
  /** Whose token the client has. */
  readonly agentId: string
  /** How many tasks are worked on at once; default 1. The server keeps to the agent's own limit beside it. */
  readonly maxConcurrent?: number | undefined
  /** How long one request waits for a task, at most 60; default 30. */
  readonly waitSeconds?: number | undefined
  /** How long `stop()` lets running tasks go on; default 30. */
  readonly drainSeconds?: number | undefined
  readonly onEvent?: ((event: WorkEvent) => void) | undefined
}

/** What happens in a worker, for its log. */
export type WorkEvent =
  | { readonly kind: 'started' | 'succeeded' | 'cancelled'; readonly task: Task }
  /** `task.status` says whether it is tried again. */
  | { readonly kind: 'failed'; readonly task: Task; readonly message: string }
  | { readonly kind: 'released'; readonly task: Task; readonly reason: string }
  /** Somebody else decides about it now; what was done here counts for nothing. */
  | { readonly kind: 'lease_lost'; readonly task: Task; readonly reason: string }
  /** The log ends early; the work goes on. */
  | { readonly kind: 'log_lost'; readonly task: Task; readonly reason: string }

export interface Worker {
  /** Resolves when the worker was stopped and its tasks have ended; rejects when the server refuses it for good. */
  readonly finished: Promise<void>
  /** How many tasks are being worked on. */
  readonly running: number
  /**
   * Takes no more tasks and lets the running ones go on for `limitSeconds`; those that have not ended by then are aborted
   * and given back. May be called again with less. Resolves when all is over.
   */
  stop(options?: { readonly limitSeconds?: number | undefined }): Promise<void>
}
