import type { Dequeued, Operations } from '../operations.ts'
import { SwitchyardUnreachable } from '../problem.ts'
import { randomKey } from '../request.ts'
import { isAborted } from '../timing.ts'
import type { Timing } from '../timing.ts'
import type { WorkEvent } from './options.ts'

/** Beyond its wait. A stalled connection is not waited for much longer than a claim lasts that nobody has started. */
const DEQUEUE_TIMEOUT_SECONDS = 10
const UNDERSTOOD_NOTHING_MILLISECONDS = 5000
/** Somebody waits for the worker to be gone. */
const GIVE_BACK_TIMEOUT_SECONDS = 5

export interface TakeTaskParts {
  readonly operations: Operations
  readonly timing: Timing
  readonly agentId: string
  readonly waitSeconds: number
  /** Aborts when no more task is wanted. */
  readonly stopping: AbortSignal
  readonly onEvent: (event: WorkEvent) => void
}

/** Waits for a task, over outages of the server. Rejects when the server refuses the agent, and when `stopping` aborts. */
export async function takeTask(parts: TakeTaskParts): Promise<Dequeued> {
  const { operations, timing, agentId, waitSeconds, stopping } = parts
  // The same key until it is answered: an answer that was lost comes again, and loses no task.
  const key = { agent_id: agentId, request_key: randomKey() }
  const limits = { signal: stopping, timeoutSeconds: DEQUEUE_TIMEOUT_SECONDS, retrySeconds: Infinity }
  for (;;) {
    try {
      return await operations.dequeueTask({ ...key, wait_seconds: waitSeconds }, limits)
    } catch (error) {
      if (isAborted(stopping)) {
        await giveBackWhatCame(parts, key)
        throw error
      }
      // Something between us and the server answered in its place.
      if (!(error instanceof SwitchyardUnreachable)) throw error
      await timing.sleep(UNDERSTOOD_NOTHING_MILLISECONDS, stopping)
    }
  }
}

/**
 * The server may have given a task to the request that was broken off, and not know that nobody heard of it. When it
 * cannot be asked, the task comes back by itself once nobody has started it in time.
 */
async function giveBackWhatCame(
  { operations, onEvent }: TakeTaskParts,
  key: { readonly agent_id: string; readonly request_key: string },
): Promise<void> {
  const limits = { timeoutSeconds: GIVE_BACK_TIMEOUT_SECONDS, retrySeconds: 0 }
  const reason = 'the agent stopped before it heard of the task'
  try {
    const { task, lease } = await operations.dequeueTask({ ...key, repeat_only: true }, limits)
    if (task === null) return
    const claim = { task_id: task.id, lease_token: lease.token }
    onEvent({ kind: 'released', task: await operations.releaseTask({ ...claim, reason }, limits), reason })
  } catch {
    return
  }
}
