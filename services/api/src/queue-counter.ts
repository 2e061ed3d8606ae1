import type { QueueState } from '@switchyard/store'

/** So many tasks are counted for each second in which the counts are given again: counting takes a small part of that second. */
const TASKS_PER_SECOND = 20_000
/** The counts of few are as they are now. */
const FEW = 10_000

export interface QueueCounter {
  /** How much there is to do: as it is now, or, when that is much, as it was a little while ago. */
  read(): Promise<QueueState>
}

/**
 * Counts the queue for everybody in this process who asks. Counting looks at each task; so what was counted is given again for a second
 * per 20,000 tasks of it, and who asks while much is being counted waits for that count.
 */
export function createQueueCounter(
  count: () => Promise<QueueState>,
  milliseconds: () => number,
): QueueCounter {
  let last: QueueState | null = null
  let goodUntil = 0
  let underWay: Promise<QueueState> | null = null

  async function countNow(): Promise<QueueState> {
    const begin = milliseconds()
    const state = await count()
    const tasks = tasksIn(state)
    last = state
    goodUntil = tasks > FEW ? begin + (tasks / TASKS_PER_SECOND) * 1000 : 0
    return state
  }

  return {
    read() {
      if (last !== null && milliseconds() < goodUntil) return Promise.resolve(last)
      // Who changed something in a small queue sees it.
      if (last === null || tasksIn(last) <= FEW) return countNow()
      underWay ??= countNow().finally(() => {
        underWay = null
      })
      return underWay
    },
  }
}

function tasksIn({ counts }: QueueState): number {
  return counts.reduce((all, { count }) => all + count, 0)
}
