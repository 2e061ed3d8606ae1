import type { Operations } from '../operations.ts'
import { isProblem } from '../problem.ts'
import type { Timing } from '../timing.ts'
import { workOn } from './held-task.ts'
import type { Worker, WorkHandler, WorkOptions } from './options.ts'
import { takeTask } from './take-task.ts'

const WAIT_SECONDS = 30
const DRAIN_SECONDS = 30

/** Takes tasks, as many at once as it may, until it is stopped or refused for good. */
export function startWorker(
  operations: Operations,
  handler: WorkHandler,
  options: WorkOptions,
  timing: Timing,
): Worker {
  const { agentId, maxConcurrent = 1, waitSeconds = WAIT_SECONDS, drainSeconds = DRAIN_SECONDS } = options
  const stopping = new AbortController()
  const hurry = new AbortController()
  const running = new Set<Promise<void>>()
  const parts = {
    operations,
    handler,
    timing,
    hurry: hurry.signal,
    onEvent: options.onEvent ?? (() => undefined),
  }

  async function takeTasks(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (running.size >= maxConcurrent) {
        const isFree = new AbortController()
        await Promise.race([...running, aborted(stopping.signal, isFree.signal)])
        isFree.abort()
        continue
      }
      const sentAt = timing.now()
      const dequeued = await takeTask({ ...parts, agentId, waitSeconds, stopping: stopping.signal })
      if (dequeued.task !== null) {
        const work = workOn(parts, dequeued.task, dequeued.lease).finally(() => running.delete(work))
        running.add(work)
      } else if (timing.now() - sentAt < waitSeconds * 1000) {
        // It did not let us wait: the server stops, or does not want to be asked so soon.
        await timing.sleep(dequeued.retry_after_seconds * 1000, stopping.signal)
      }
    }
  }

  async function work(): Promise<void> {
    try {
      await takeTasks()
    } catch (error) {
      if (!stopping.signal.aborted || isProblem(error)) throw error
    } finally {
      stopping.abort()
      await Promise.all(running)
    }
  }

  const finished = work()
  return {
    finished,
    get running() {
      return running.size
    },
    async stop({ limitSeconds = drainSeconds } = {}) {
      stopping.abort()
      if (limitSeconds <= 0) hurry.abort()
      else {
        const ended = new AbortController()
        timing.sleep(limitSeconds * 1000, ended.signal).then(
          () => hurry.abort(),
          () => undefined,
        )
        void finished.catch(() => undefined).finally(() => ended.abort())
      }
      await finished
    },
  }
}

/** Leaves nothing behind on the signal once `over` has aborted: the signal lives as long as the worker. */
function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: over })
  })
}
