/** Callers woken by a piece of news; while each of them finds something, twice as many follow. */
const FIRST_WOKEN = 8

/** One caller's place, from before it asks until it has its answer. */
export interface Seat {
  /** Its question goes out now: what is news later will be news to it. */
  asks(): void
  /**
   * Resolves when the caller should ask again: it was its turn at some news, or there was news while it asked. Also after so many
   * milliseconds, and when the signal aborts.
   */
  news(milliseconds: number, over: AbortSignal): Promise<void>
  leave(): void
}

/** Callers that asked the same question in vain. */
export interface WaitingRoom {
  enter(agentId: string): Seat
  /** There is news: wakes the first few, who have waited longest since they were last woken. */
  ring(): void
  /** Rings after so many milliseconds, unless it is to ring before then anyway. */
  ringAfter(milliseconds: number): void
  /** So many of the woken found something and none went away empty: wakes more of those who have not asked since the last news. */
  wakeMore(found: number): void
  /** Wakes these, whoever else waits. */
  wakeAgents(agentIds: ReadonlySet<string>): void
  /** Wakes everybody. */
  wakeAll(): void
  /** How many wait. */
  waiting(): number
  /** How many wait and have not asked since the last news. */
  unaware(): number
}

interface Waiting {
  readonly agentId: string
  readonly heard: number
  readonly wake: () => void
}

export function createWaitingRoom(): WaitingRoom {
  /** In the order in which they began to wait. */
  const waiting = new Set<Waiting>()
  let news = 0
  let ringing: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined

  function ring(): void {
    news += 1
    wakeUnaware(FIRST_WOKEN)
  }

  function wakeUnaware(most: number): void {
    let left = most
    for (const each of waiting) {
      if (left === 0) return
      if (each.heard === news) continue
      left -= 1
      each.wake()
    }
  }

  return {
    enter(agentId) {
      let heard = news
      let wake: (() => void) | undefined
      return {
        asks() {
          heard = news
        },
        news(milliseconds, over) {
          if (over.aborted || heard !== news) return Promise.resolve()
          return new Promise((resolve) => {
            wake = () => {
              clearTimeout(timer)
              over.removeEventListener('abort', finish)
              waiting.delete(place)
              resolve()
            }
            const finish = wake
            const place = { agentId, heard, wake }
            const timer = setTimeout(finish, milliseconds)
            over.addEventListener('abort', finish, { once: true })
            waiting.add(place)
          })
        },
        leave() {
          wake?.()
        },
      }
    },
    ring,
    ringAfter(milliseconds) {
      const at = performance.now() + milliseconds
      if (ringing !== undefined && ringing.at <= at) return
      clearTimeout(ringing?.timer)
      const timer = setTimeout(() => {
        ringing = undefined
        ring()
      }, milliseconds)
      ringing = { at, timer: timer.unref() }
    },
    wakeMore(found) {
      wakeUnaware(Math.max(FIRST_WOKEN, found * 2))
    },
    wakeAgents(agentIds) {
      for (const each of waiting) if (agentIds.has(each.agentId)) each.wake()
    },
    wakeAll() {
      for (const each of waiting) each.wake()
    },
    waiting: () => waiting.size,
    unaware() {
      let count = 0
      for (const { heard } of waiting) if (heard !== news) count += 1
      return count
    },
  }
}
