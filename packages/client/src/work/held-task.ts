import type { Operations } from '../operations.ts'
import type { Timing } from '../timing.ts'
import type { Lease, Task } from '../wire/types.ts'
import { TaskFailure, TaskRelease, WorkAborted } from './errors.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { LogStream } from './log-stream.ts'
import type { WorkContext, WorkEvent, WorkHandler } from './options.ts'
import { report } from './report.ts'
import type { Ending } from './report.ts'

/** How long a task may take to end, and to be reported, once it was asked to hurry. */
const LAST_WORDS_MILLISECONDS = 10_000
/** For one piece of the log, also over a slow line. */
const MOST_SECONDS_PER_PIECE = 30

export interface HeldTaskParts {
  readonly operations: Operations
  readonly handler: WorkHandler
  readonly timing: Timing
  /** Aborts when running tasks are to be given back. */
  readonly hurry: AbortSignal
  readonly onEvent: (event: WorkEvent) => void
}

/** Works on one claim: starts it, keeps it, lets the handler do it, and reports what came of it. Never rejects. */
export async function workOn(parts: HeldTaskParts, task: Task, lease: Lease): Promise<void> {
  const { handler, timing, hurry, onEvent } = parts
  const held = new HeldTask(parts, task, lease)
  const { done, lastWords } = giveUpAfter(timing, hurry, () => held.giveUp())
  const onHurry = (): void => held.abort(new WorkAborted('stopping', 'the worker stops'))
  try {
    const isOurs = await held.keeper.start()
    if (!isOurs) {
      onEvent(held.lost('it could not be started'))
      return
    }
    onEvent({ kind: 'started', task })
    if (hurry.aborted) onHurry()
    hurry.addEventListener('abort', onHurry, { once: true })
    const ending = await Promise.race([run(handler, task, held.context), lastWords])
    await held.log.finish()
    const facts = { ending, cancelled: held.cancelled, stopping: hurry.aborted }
    onEvent(
      held.lostBecause === null
        ? await report(parts.operations, task, held.claim, facts, held.givenUp)
        : held.lost(held.lostBecause),
    )
  } finally {
    hurry.removeEventListener('abort', onHurry)
    done()
    held.end()
  }
}

/** What one claim is kept and told with. */
class HeldTask {
  readonly claim: { readonly task_id: string; readonly lease_token: string }
  readonly keeper: LeaseKeeper
  readonly log: LogStream
  readonly context: WorkContext
  cancelled = false
  lostBecause: string | null = null
  readonly #task: Task
  readonly #work = new AbortController()
  readonly #logging = new AbortController()
  readonly #givenUp = new AbortController()

  constructor({ operations, timing, onEvent }: HeldTaskParts, task: Task, lease: Lease) {
    const timeoutSeconds = Math.min(Math.max(lease.heartbeat_seconds, 2), MOST_SECONDS_PER_PIECE)
    const claim = { task_id: task.id, lease_token: lease.token }
    this.claim = claim
    this.#task = task
    const onCancel = (): void => {
      this.cancelled = true
      this.abort(new WorkAborted('cancelled', 'somebody asked for the task to be cancelled'))
    }
    const onLost = (reason: string): void => this.#lose(reason)
    this.keeper = new LeaseKeeper({
      timing,
      heartbeatSeconds: lease.heartbeat_seconds,
      beat: (progress, limits) => operations.heartbeatTask({ ...claim, progress }, limits),
      onCancel,
      onLost,
    })
    this.log = new LogStream({
      timing,
      signal: this.#logging.signal,
      append: async (offset, text) => {
        const sentAt = timing.now()
        const limits = { timeoutSeconds, retrySeconds: Infinity, signal: this.#logging.signal }
        const answer = await operations.appendTaskLog({ ...claim, offset, text }, limits)
        this.keeper.extended(sentAt)
        return answer
      },
      onCancel,
      onLeaseLost: onLost,
      onLogLost: (reason) => onEvent({ kind: 'log_lost', task, reason }),
    })
    this.context = {
      signal: this.#work.signal,
      lease,
      log: (text) => this.log.write(text),
      logged: () => this.log.flushed(),
      progress: (text) => this.keeper.progress(text),
    }
  }

  get givenUp(): AbortSignal {
    return this.#givenUp.signal
  }

  abort(reason: WorkAborted): void {
    this.#work.abort(reason)
  }

  lost(reason: string): WorkEvent {
    return { kind: 'lease_lost', task: this.#task, reason: this.lostBecause ?? reason }
  }

  /** Waits for no server any more. */
  giveUp(): void {
    this.#givenUp.abort(new WorkAborted('stopping', 'the worker stopped, and the server did not answer'))
    this.end()
  }

  end(): void {
    this.keeper.stop()
    this.#logging.abort()
  }

  #lose(reason: string): void {
    this.lostBecause ??= reason
    this.abort(new WorkAborted('lease_lost', reason))
    this.end()
  }
}

async function run(handler: WorkHandler, task: Task, context: WorkContext): Promise<Ending> {
  try {
    return { kind: 'done', result: (await handler(task, context)) ?? {} }
  } catch (error) {
    if (error instanceof TaskRelease) return { kind: 'released', reason: error.message }
    if (error instanceof TaskFailure) return { kind: 'failed', error }
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', error: new TaskFailure(message, { cause: error }) }
  }
}

/** Once it was asked to hurry, a handler has some seconds to return, and then the server has as many to answer. */
function giveUpAfter(
  timing: Timing,
  hurry: AbortSignal,
  giveUp: () => void,
): { readonly lastWords: Promise<Ending>; readonly done: () => void } {
  const over = new AbortController()
  const lastWords = new Promise<Ending>((resolve) => {
    const begin = async (): Promise<void> => {
      await timing.sleep(LAST_WORDS_MILLISECONDS, over.signal)
      resolve({ kind: 'released', reason: 'the agent was stopped, and the work did not end in time' })
      await timing.sleep(LAST_WORDS_MILLISECONDS, over.signal)
      giveUp()
    }
    const onHurry = (): void => void begin().catch(() => undefined)
    if (hurry.aborted) onHurry()
    else hurry.addEventListener('abort', onHurry, { once: true, signal: over.signal })
  })
  return { lastWords, done: () => over.abort() }
}
