import { labelSetKey } from '@switchyard/core'

/** A place in the queue: behind it, as far as this process knows, nothing waits. */
export interface Place {
  /** The lane's id, as text: it has 64 bits. */
  readonly lane: string
  readonly priority: number
  readonly turn: number
  readonly position: number
}

/** What one scan may do. */
export interface ScanStart {
  readonly fromBeginning: boolean
  /** Empty for one from the beginning. */
  readonly places: readonly Place[]
}

/** What one scan found. */
export interface ScanEnd {
  readonly fromBeginning: boolean
  /** How long it took, in milliseconds. */
  readonly cost: number
  readonly claimed: readonly Place[]
  /** Whether it found less than it was asked for, and so came to the end. */
  readonly reachedEnd: boolean
}

/** The turn that those who come now may have: the one behind the last that was claimed. */
export type ReachedTurn = Omit<Place, 'position'>

/**
 * Where the claims of one process have come to. Entries of tasks that are gone stay in the head of an index while any transaction in the cluster
 * might still see them, and a claim that began there would step over each of them. So scans from the beginning are rationed to a twentieth of the
 * time, and the others begin where the last one ended. A hint and nothing else: losing it costs one slow scan.
 */
export interface ScanMemory {
  /** How the next scan of an agent with these labels begins; `now` in milliseconds, from any clock that only goes forward. */
  begin(labels: readonly string[], now: number): ScanStart
  end(labels: readonly string[], end: ScanEnd, now: number): void
  /** Milliseconds until the next scan from the beginning may start. */
  untilNext(labels: readonly string[], now: number): number
  /** The turns that were reached since the last time, when it is time to publish them; else none. */
  takeReached(now: number): readonly ReachedTurn[]
}

/** A scan from the beginning may start when this many times the cost of the last one has passed. */
const REST_PER_COST = 20
/** Turns are published no more often than this: each time leaves a dead version of a row that all creators of tasks read. */
const PUBLISH_MILLISECONDS = 200
/** Label sets that are remembered; beyond that all of them are forgotten at once. */
const MOST_LABEL_SETS = 1_000
/** Places that are remembered, those where something was claimed last: each claim from them carries them all. */
const MOST_PLACES = 256

interface LabelSet {
  /** When the next scan from the beginning may start. */
  allowedAt: number
  lastCost: number
}

export function createScanMemory(): ScanMemory {
  /** The one that was claimed at last is the last. */
  const places = new Map<string, Place>()
  const labelSets = new Map<string, LabelSet>()
  const reached = new Map<string, ReachedTurn>()
  let publishedAt = -Infinity

  function labelSet(labels: readonly string[]): LabelSet {
    const key = labelSetKey(labels)
    let known = labelSets.get(key)
    if (known === undefined) {
      if (labelSets.size >= MOST_LABEL_SETS) labelSets.clear()
      known = { allowedAt: -Infinity, lastCost: 0 }
      labelSets.set(key, known)
    }
    return known
  }

  return {
    begin(labels, now) {
      const known = labelSet(labels)
      if (now < known.allowedAt) return { fromBeginning: false, places: [...places.values()] }
      // Reserved while it is under way: what comes meanwhile begins at the remembered place.
      known.allowedAt = now + known.lastCost * REST_PER_COST
      return { fromBeginning: true, places: [] }
    },
    end(labels, { fromBeginning, cost, claimed, reachedEnd }, now) {
      if (fromBeginning) {
        const known = labelSet(labels)
        known.lastCost = cost
        known.allowedAt = now + cost * REST_PER_COST
      }
      const last = new Map<string, Place>()
      for (const place of claimed) {
        const key = `${place.lane} ${place.priority}`
        if (isBefore(last.get(key), place)) last.set(key, place)
        const { lane, priority, turn } = place
        if (turn >= (reached.get(key)?.turn ?? -Infinity))
          reached.set(key, { lane, priority, turn: turn + 1 })
      }
      for (const [key, place] of last) {
        // One that stopped early found something before the remembered place: the next ones begin there, until it is used up.
        const known = places.get(key)
        places.delete(key)
        places.set(key, known !== undefined && reachedEnd && !isBefore(known, place) ? known : place)
      }
      for (const key of places.keys()) {
        if (places.size <= MOST_PLACES) break
        places.delete(key)
      }
    },
    untilNext(labels, now) {
      return Math.max(0, labelSet(labels).allowedAt - now)
    },
    takeReached(now) {
      if (reached.size === 0 || now < publishedAt + PUBLISH_MILLISECONDS) return []
      publishedAt = now
      const taken = [...reached.values()]
      reached.clear()
      return taken
    },
  }
}

function isBefore(left: Place | undefined, right: Place): boolean {
  if (left === undefined) return true
  return left.turn < right.turn || (left.turn === right.turn && left.position < right.position)
}
