import type { CallOptions } from '../call-options.ts'
import type { Operations } from '../operations.ts'
import { isProblem } from '../problem.ts'
import type { Result, Task } from '../wire/types.ts'
import { TaskFailure } from './errors.ts'
import type { WorkEvent } from './options.ts'

/** How a handler ended. */
export type Ending =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: TaskFailure }
  | { readonly kind: 'released'; readonly reason: string }

export interface EndingFacts {
  readonly ending: Ending
  readonly cancelled: boolean
  readonly stopping: boolean
}

interface Claim {
  readonly task_id: string
  readonly lease_token: string
}

/** The server takes a report as long as nobody else has the task: it is worth to insist. */
const REPORT_SECONDS = 300
const MOST_CHARACTERS = 10_000
const MOST_CHARACTERS_OF_REASON = 1000

/** Tells the server how a task ended, and says what became of it. */
export async function report(
  operations: Operations,
  task: Task,
  claim: Claim,
  { ending, cancelled, stopping }: EndingFacts,
  signal: AbortSignal,
): Promise<WorkEvent> {
  const options: CallOptions = { retrySeconds: REPORT_SECONDS, signal }
  try {
    if (ending.kind === 'done') return await complete(operations, claim, ending.result, options)
    if (ending.kind === 'released') return await release(operations, claim, ending.reason, options)
    if (stopping && !cancelled) return await release(operations, claim, 'the agent was stopped', options)
    const { error } = ending
    return await fail(
      operations,
      claim,
      cancelled ? new TaskFailure(error.message, { code: 'cancelled' }) : error,
      options,
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'lease_lost', task, reason: isProblem(error, 'lease_lost') ? error.happened : reason }
  }
}

async function complete(
  operations: Operations,
  claim: Claim,
  result: Result,
  options: CallOptions,
): Promise<WorkEvent> {
  try {
    return { kind: 'succeeded', task: await operations.completeTask({ ...claim, result }, options) }
  } catch (error) {
    if (!isProblem(error, 'invalid_request', 'payload_too_large')) throw error
    const message = `The work was done, but its result was refused: ${error.message}`
    return fail(
      operations,
      claim,
      new TaskFailure(message, { code: 'invalid_result', retryable: false }),
      options,
    )
  }
}

async function fail(
  operations: Operations,
  claim: Claim,
  { code, message: given, retryable }: TaskFailure,
  options: CallOptions,
): Promise<WorkEvent> {
  const message = storable(given, MOST_CHARACTERS) || 'The handler gave no message.'
  const error = /^[a-z][a-z0-9_]{0,63}$/.test(code) ? { code, message } : { message }
  const task = await operations.failTask({ ...claim, error, retryable }, options)
  return task.status === 'cancelled' ? { kind: 'cancelled', task } : { kind: 'failed', task, message }
}

async function release(
  operations: Operations,
  claim: Claim,
  given: string,
  options: CallOptions,
): Promise<WorkEvent> {
  const reason = storable(given, MOST_CHARACTERS_OF_REASON) || 'no reason was given'
  const task = await operations.releaseTask({ ...claim, reason }, options)
  return task.status === 'cancelled' ? { kind: 'cancelled', task } : { kind: 'released', task, reason }
}

/** What the server can store: no NUL, no half characters, and not more than it takes. */
function storable(text: string, most: number): string {
  return text.slice(0, most).replace(/\0|\p{Cs}/gu, '')
}
