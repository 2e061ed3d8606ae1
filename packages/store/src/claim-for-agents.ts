import { toAgentClaim } from './claim-rows.ts'
import type { AgentClaim } from './claim-rows.ts'
import { countHeld, lockAgents, repeatClaims, requestIdentity } from './agent-standing.ts'
import type { RequestIdentity } from './agent-standing.ts'
import { claimNext } from './claim-next.ts'
import type { ClaimedRow } from './claim-next.ts'
import { inTransaction } from './pool.ts'
import type { Pool, Queryable } from './pool.ts'
import { createScanMemory } from './scan-memory.ts'
import type { ScanMemory } from './scan-memory.ts'
import { publishWhenDue } from './turns.ts'

export interface AgentRequest {
  readonly agentId: string
  /** null: no limit. */
  readonly maxConcurrent: number | null
  /** Chosen by the caller; the same key gets the same claim again while it has not started. */
  readonly requestKey: string | null
}

export interface ClaimForAgentsOptions {
  /** What every one of the agents offers. */
  readonly labels: readonly string[]
  /** At most MOST_REQUESTS. The same agent may ask several times. */
  readonly requests: readonly AgentRequest[]
  /** A holder must show that it started within this many seconds. */
  readonly startSeconds: number
  /** What the process remembers of its scans; absent: nothing. */
  readonly scan?: ScanMemory
  /** What to do about an agent that somebody else has locked: answer `busy`, so that its neighbours need not wait, or wait. Default: `skip`. */
  readonly whenLocked?: 'skip' | 'wait'
  readonly now?: Date | null
}

export type ClaimForAgentResult =
  | { readonly kind: 'claimed'; readonly claim: AgentClaim }
  | {
      readonly kind: 'empty'
      /** Absent: nothing fits. Else only a part of the queue was looked at, and after so many milliseconds the whole may be. */
      readonly lookAgainAfter?: number
    }
  | { readonly kind: 'full' }
  | { readonly kind: 'paused' }

/** `busy`: nothing was decided, because somebody else is at the agent's row, or at all the tasks. To be asked again at once. */
export type ClaimForAgentsResult = ClaimForAgentResult | { readonly kind: 'busy' }

/** Requests in one call. */
export const MOST_REQUESTS = 200
/** Tasks beyond the requests that a scan looks at first: as many as others are likely to have locked. */
const FIRST_SPARE = 16
const MOST_SPARE = 800

/**
 * Claims for many requests of agents with the same labels what one call each would have got: `http_pull` or `undecided`, the first that fits;
 * an undecided task becomes http_pull. One result per request, in order. A repeated request key gets the claim it already made, so
 * a lost answer loses no task. All or nothing: when it throws, either nothing was claimed, or the connection was lost and nobody
 * knows; what was claimed then comes back by its start deadline, or at once to whoever repeats its request key.
 */
export async function claimForAgents(
  pool: Pool,
  options: ClaimForAgentsOptions,
): Promise<ClaimForAgentsResult[]> {
  const { requests } = options
  if (requests.length > MOST_REQUESTS) throw new Error(`more than ${MOST_REQUESTS} requests in one call`)
  const answers: Answers = requests.map(() => undefined)
  if (!requests.some(isGuarded)) await claimOpen(pool, options, answers)
  else
    await inTransaction(pool, async (connection) => {
      await answerGuarded(connection, options, answers)
      await claimOpen(connection, options, answers)
    })
  if (options.scan !== undefined) publishWhenDue(pool, 'pull', options.scan)
  return answers.map((answer) => answer ?? { kind: 'busy' })
}

/**
 * The claim that this request key already made and that has not started, or `empty`. Waits for calls of the agent that
 * are claiming at this moment.
 */
export function repeatClaimForAgent(
  pool: Pool,
  { agentId, requestKey, startSeconds, now = null }: RepeatRequest,
): Promise<ClaimForAgentResult> {
  return inTransaction(pool, async (connection) => {
    await lockAgents(connection, [agentId], 'wait')
    const repeated = await repeatClaims(connection, [{ agentId, requestKey }], { startSeconds, now })
    const [claim] = repeated.values()
    return claim === undefined ? { kind: 'empty' } : { kind: 'claimed', claim }
  })
}

type RepeatRequest = RequestIdentity & Pick<ClaimForAgentsOptions, 'startSeconds' | 'now'>

/** One per request; undefined while it is open. */
type Answers = (ClaimForAgentsResult | undefined)[]

/** Whether its agent's row must be locked for it. */
function isGuarded({ maxConcurrent, requestKey }: AgentRequest): boolean {
  return maxConcurrent !== null || requestKey !== null
}

function hasKey(request: AgentRequest): request is AgentRequest & RequestIdentity {
  return request.requestKey !== null
}

/** Answers what needs no new claim: repeated keys, agents that are paused or full, and those whose row somebody else has. */
async function answerGuarded(
  connection: Queryable,
  { requests, startSeconds, whenLocked = 'skip', now = null }: ClaimForAgentsOptions,
  answers: Answers,
): Promise<void> {
  const guarded = requests.filter(isGuarded)
  const agentIds = [...new Set(guarded.map(({ agentId }) => agentId))]
  const readiness = await lockAgents(connection, agentIds, whenLocked)
  const isBusy = ({ agentId }: AgentRequest): boolean => readiness.get(agentId) === 'busy'
  const keyed = guarded.filter((request) => !isBusy(request)).filter(hasKey)
  const repeated =
    keyed.length === 0
      ? new Map<string, AgentClaim>()
      : await repeatClaims(connection, keyed, { startSeconds, now })
  const limited = guarded.filter((request) => request.maxConcurrent !== null && !isBusy(request))
  // After the lock, in a statement of its own: its snapshot is younger, so the count is exact.
  const held =
    limited.length === 0
      ? new Map<string, number>()
      : await countHeld(connection, [...new Set(limited.map(({ agentId }) => agentId))])
  for (const [index, request] of requests.entries()) {
    if (!isGuarded(request)) continue
    const { agentId, maxConcurrent } = request
    const claim = hasKey(request) ? repeated.get(requestIdentity(request)) : undefined
    if (isBusy(request)) answers[index] = { kind: 'busy' }
    else if (claim !== undefined) answers[index] = { kind: 'claimed', claim }
    else if (readiness.get(agentId) !== 'ready') answers[index] = { kind: 'paused' }
    else if (maxConcurrent !== null && !isRepeatWithin(requests, index)) {
      const holding = held.get(agentId) ?? 0
      if (holding >= maxConcurrent) answers[index] = { kind: 'full' }
      else held.set(agentId, holding + 1)
    }
  }
}

/** Whether an earlier request of the same call has the same key: the two are one request, asked twice. */
function isRepeatWithin(requests: readonly AgentRequest[], index: number): boolean {
  return firstOfKey(requests, index) !== index
}

function firstOfKey(requests: readonly AgentRequest[], index: number): number {
  const request = requests[index]
  if (request?.requestKey == null) return index
  return requests.findIndex(
    ({ agentId, requestKey }) => agentId === request.agentId && requestKey === request.requestKey,
  )
}

/** Claims for all requests that have no answer yet. */
async function claimOpen(db: Queryable, options: ClaimForAgentsOptions, answers: Answers): Promise<void> {
  const { requests } = options
  const isOpen = (index: number): boolean => answers[index] === undefined && !isRepeatWithin(requests, index)
  const open = [...requests.keys()].filter(isOpen)
  const reserved = await claimUntilSettled(db, options, open, answers)
  // Agents with something reserved for them ask one by one: their tasks and the others' are in one order.
  const agentIds = [...new Set(reserved.map((index) => requests[index]?.agentId))]
  for (const agentId of agentIds) {
    const own = reserved.filter((index) => requests[index]?.agentId === agentId)
    await claimUntilSettled(db, options, own, answers)
  }
  for (const index of requests.keys())
    if (isRepeatWithin(requests, index)) answers[index] ??= answers[firstOfKey(requests, index)]
}

/** Returns the requests that have to ask alone. */
async function claimUntilSettled(
  db: Queryable,
  { requests, labels, startSeconds, scan = createScanMemory(), now = null }: ClaimForAgentsOptions,
  asking: readonly number[],
  answers: Answers,
): Promise<number[]> {
  const reserved: number[] = []
  let open = asking
  for (let spare = FIRST_SPARE; open.length > 0 && spare <= MOST_SPARE;) {
    const start = scan.begin(labels, performance.now())
    const askers = open.map((index) => requests[index]).filter((request) => request !== undefined)
    const result = await claimNext(db, askers, { labels, startSeconds, now, places: start.places, spare })
    const claimed: ClaimedRow[] = []
    const left: number[] = []
    for (const [nth, row] of result.rows.entries()) {
      const index = open[nth]
      if (index === undefined) continue
      if (row === 'reserved') reserved.push(index)
      else if (row === null) left.push(index)
      else {
        claimed.push(row)
        answers[index] = { kind: 'claimed', claim: toAgentClaim(row) }
      }
    }
    const { fromBeginning } = start
    const reachedEnd = left.length > 0
    scan.end(labels, { fromBeginning, cost: result.scanMilliseconds, claimed, reachedEnd }, performance.now())
    open = left
    if (left.length === 0) break
    if (result.isCut) {
      // Others have locked all that was looked at: look further.
      spare *= 4
      continue
    }
    const wait = fromBeginning ? 0 : scan.untilNext(labels, performance.now())
    if (!fromBeginning && wait === 0) continue
    for (const index of left)
      answers[index] = fromBeginning ? { kind: 'empty' } : { kind: 'empty', lookAgainAfter: Math.ceil(wait) }
    break
  }
  return reserved
}
