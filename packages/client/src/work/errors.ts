/** Thrown by a handler: the task has failed. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure'
  /** For programs: lower case letters, digits and `_`. */
  readonly code: string
  /** false: another attempt would not help. */
  readonly retryable: boolean

  constructor(
    message: string,
    {
      code = 'agent_failed',
      retryable = true,
      cause,
    }: { code?: string; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.retryable = retryable
  }
}

/** Thrown by a handler: the task is given back, and costs no attempt. The message is the reason. */
export class TaskRelease extends Error {
  override readonly name = 'TaskRelease'
}

/** The reason of a handler's signal. */
export class WorkAborted extends Error {
  override readonly name = 'WorkAborted'
  /** `cancelled`: somebody asked for it. `lease_lost`: the task is no longer ours. `stopping`: the worker is. */
  readonly because: 'cancelled' | 'lease_lost' | 'stopping'

  constructor(because: WorkAborted['because'], message: string) {
    super(message)
    this.because = because
  }
}
