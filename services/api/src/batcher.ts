/** How many requests are in one statement, how many such statements are under way, and what it takes for a second one. */
export const BATCH_LIMITS = { largestBatch: 64, mostUnderWay: 2, leastBeside: 32 }
/** What is longer is asked for on its own: a batch of such texts would keep everybody waiting. Characters, or bytes. */
export const LONGEST_BATCHED = 65_536

/** Asks for many callers at once; each hears of its own request only. */
export interface Batcher<Request, Result> {
  /** Resolves with this request's own result; rejects with what went wrong with it. */
  ask(request: Request): Promise<Result>
}

export interface BatcherOptions<Request, Result> {
  /** Answers the requests in their order, all or none: when it rejects, none of them has happened, or nobody knows. */
  readonly run: (requests: readonly Request[]) => Promise<readonly Result[]>
  readonly largestBatch: number
  /** Batches that run at the same time. */
  readonly mostUnderWay: number
  /**
   * So many must wait before a batch begins beside another one: two small statements at a time cost more than one after the other,
   * each twice as large. Absent: one is enough.
   */
  readonly leastBeside?: number
  /** A batch that has taken so long, such as for somebody's lock, keeps no other one from beginning. Default: 20. */
  readonly longMilliseconds?: number
  /**
   * What a request is about. Requests about the same thing never run together: the later one finds what the earlier one did.
   * null, or absent: it is about nothing that another one is about.
   */
  readonly keyOf?: (request: Request) => string | null
  /** Whether an error says nothing about the requests, so that asking for each of them again would be of no use. */
  readonly isOutage: (error: unknown) => boolean
}

interface Asked<Request, Result> {
  readonly request: Request
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what arrives while the allowed number of batches is under way makes up the next batch, so that the
 * batches grow with the load, and nobody waits while there is none. A batch that failed is asked again one by one: one bad
 * request fails alone. After an outage it is not: whether anything happened is then not known, and each caller hears that.
 */
export function createBatcher<Request, Result>(
  options: BatcherOptions<Request, Result>,
): Batcher<Request, Result> {
  const { run, largestBatch, mostUnderWay, leastBeside = 1, longMilliseconds = 20, isOutage } = options
  const keyOf = options.keyOf ?? (() => null)
  let waiting: Asked<Request, Result>[] = []
  const keysUnderWay = new Set<string>()
  let underWay = 0
  let lastBegan = 0
  let scheduled = false
  let later: NodeJS.Timeout | undefined

  function mayStart(): boolean {
    if (waiting.length === 0 || underWay >= mostUnderWay) return false
    return underWay === 0 || waiting.length >= leastBeside || millisecondsLeft() <= 0
  }

  function millisecondsLeft(): number {
    return lastBegan + longMilliseconds - performance.now()
  }

  // Behind the I/O of this turn of the event loop: what other sockets brought in the same turn is in the batch.
  function schedule(): void {
    if (scheduled) return
    if (!mayStart()) {
      scheduleLater()
      return
    }
    scheduled = true
    setImmediate(() => {
      scheduled = false
      start()
    })
  }

  function scheduleLater(): void {
    if (later !== undefined || waiting.length === 0 || underWay >= mostUnderWay) return
    later = setTimeout(() => {
      later = undefined
      schedule()
    }, Math.ceil(millisecondsLeft())).unref()
  }

  function start(): void {
    while (mayStart()) {
      const batch = takeBatch()
      if (batch.length === 0) return
      underWay += 1
      lastBegan = performance.now()
      void settle(batch).then(() => {
        underWay -= 1
        for (const { request } of batch) {
          const key = keyOf(request)
          if (key !== null) keysUnderWay.delete(key)
        }
        schedule()
      })
    }
  }

  function takeBatch(): Asked<Request, Result>[] {
    if (options.keyOf === undefined) return waiting.splice(0, largestBatch)
    const batch: Asked<Request, Result>[] = []
    const passedOver: Asked<Request, Result>[] = []
    for (const asked of waiting) {
      const key = keyOf(asked.request)
      const isTaken = key !== null && keysUnderWay.has(key)
      if (batch.length === largestBatch || isTaken) passedOver.push(asked)
      else {
        if (key !== null) keysUnderWay.add(key)
        batch.push(asked)
      }
    }
    waiting = passedOver
    return batch
  }

  /** Never rejects: every way it goes, each caller has its answer. */
  async function settle(batch: readonly Asked<Request, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ request }) => request))
      if (results.length !== batch.length)
        throw new Error(`${batch.length} requests got ${results.length} results`)
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result)
    } catch (error) {
      if (batch.length === 1 || isOutage(error)) for (const { reject } of batch) reject(error)
      else for (const asked of batch) await settle([asked])
    }
  }

  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject })
        schedule()
      })
    },
  }
}
