/** What happened in each whole second of a run. */
export interface Timeline {
  readonly perSecond: readonly number[]
}

/** Counts until `seconds` have passed, or there is nothing left to do. */
export function startTimeline(seconds: number): {
  isOver(): boolean
  count(events?: number): void
  /** There is nothing left: the second that had begun counts no more. */
  end(): void
  timeline(): Timeline
} {
  const start = performance.now()
  let perSecond = Array.from({ length: Math.ceil(seconds) }, () => 0)
  let ended = false
  return {
    isOver: () => ended || performance.now() - start >= seconds * 1000,
    count(events = 1) {
      const second = Math.floor((performance.now() - start) / 1000)
      // What was under way when the time was over counts no more.
      if (second < perSecond.length) perSecond[second] = (perSecond[second] ?? 0) + events
    },
    end() {
      if (ended) return
      ended = true
      perSecond = perSecond.slice(0, Math.floor((performance.now() - start) / 1000))
    },
    timeline: () => ({ perSecond }),
  }
}
