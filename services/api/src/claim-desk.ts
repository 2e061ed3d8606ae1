import type { AgentRequest, ClaimForAgentResult, ClaimForAgentsResult, KnownAgent } from '@switchyard/store'
import { atMostEvery } from '@switchyard/store'
import { BATCH_LIMITS, createBatcher } from './batcher.ts'
import { createWaitingRoom } from './waiting-room.ts'
import type { Seat, WaitingRoom } from './waiting-room.ts'

/** News that comes thicker is one piece of news. */
const RING_MILLISECONDS = 5
const RESERVED_MILLISECONDS = 50
/** A request that met somebody else's lock is asked again after this, doubling. */
const BUSY_MILLISECONDS = 2
const MOST_BUSY_MILLISECONDS = 50
/** How long a request is asked again although its caller would not wait. */
const BUSY_PATIENCE_MILLISECONDS = 2_000

/** One caller that wants a task. */
export interface DequeueCall {
  readonly agentId: string
  /** Of the token that it was asked with: once that is replaced, nothing is given out on it. null: not an agent's. */
  readonly tokenHash: Buffer | null
  readonly requestKey: string | null
  readonly waitMilliseconds: number
  readonly caller: Caller
}

/** Whether there is still somebody to be answered. */
export interface Caller {
  isGone(): boolean
  /** Aborts when the caller is gone: then it waits no longer. Made for who waits: most are answered at once. */
  whenGone(): AbortSignal
}

export interface ClaimDeskOptions {
  /** Claims for agents with the same labels, all or nothing; one answer each, in order. */
  readonly claim: (
    labels: readonly string[],
    requests: readonly AgentRequest[],
  ) => Promise<readonly ClaimForAgentsResult[]>
  readonly findAgent: (id: string) => Promise<KnownAgent | null>
  /** The agent for whom work is wanted. Rejects with what its caller is to be told when there is none, or its token was replaced. */
  readonly demandAgent: (call: DequeueCall) => Promise<KnownAgent>
  /** Agents for whom a task is reserved that they may claim now. */
  readonly listReserved: () => Promise<readonly string[]>
  readonly isOutage: (error: unknown) => boolean
  /** Polling: the least and the most time between two polls. */
  readonly pollMilliseconds: { readonly least: number; readonly most: number }
  /** A number in [0, 1). */
  readonly random: () => number
}

/** Where all the dequeues of the process ask together, and wait. */
export interface ClaimDesk {
  /** The task, or why there is none when the waiting is over. Rejects with what went wrong for this caller. */
  dequeue(call: DequeueCall): Promise<ClaimForAgentResult>
  /** Something may be there to be claimed. */
  ring(): void
  /** Callers that asked in vain and wait for news. */
  waiting(): number
  /** Everybody who waits is answered; from now on nobody waits. */
  stop(): void
}

type GroupAnswer = ClaimForAgentsResult | { readonly kind: 'changed' }

interface Question {
  readonly call: DequeueCall
  readonly seat: Seat
}

interface Group {
  readonly room: WaitingRoom
  ask(question: Question): Promise<GroupAnswer>
  /** Calls that ask or wait here; a group without any is forgotten. */
  calls: number
}

/**
 * Dequeues of agents with the same labels are one statement: whatever came while the last two were under way. Who gets nothing
 * waits. News wakes a few of each group, then twice as many while each of them finds something, so that one new task does not
 * make ten thousand ask. A poll does the same, because news may get lost; it comes less often the longer nothing happens.
 */
export function createClaimDesk(options: ClaimDeskOptions): ClaimDesk {
  const groups = new Map<string, Group>()
  let stopped = false

  function groupFor(labels: readonly string[]): Group {
    const key = JSON.stringify(labels)
    const known = groups.get(key)
    if (known !== undefined) return known
    const room = createWaitingRoom()
    const batcher = createBatcher({
      run: (questions: readonly Question[]) => {
        for (const { seat } of questions) seat.asks()
        return askTogether(
          labels,
          room,
          questions.map(({ call }) => call),
        )
      },
      ...BATCH_LIMITS,
      isOutage: options.isOutage,
    })
    const group = { room, ask: (question: Question) => batcher.ask(question), calls: 0 }
    groups.set(key, group)
    return group
  }

  /** Agents are looked at again each time: one may have been paused, relabelled or deleted, or its token replaced, while it waited. */
  async function askTogether(
    labels: readonly string[],
    room: WaitingRoom,
    calls: readonly DequeueCall[],
  ): Promise<GroupAnswer[]> {
    const agents = await Promise.all(calls.map(({ agentId }) => options.findAgent(agentId)))
    const answers: (GroupAnswer | undefined)[] = calls.map((call, index) => {
      const agent = agents[index] ?? null
      if (call.caller.isGone()) return { kind: 'empty' }
      if (agent === null || !hasToken(agent, call.tokenHash) || !sameLabels(agent.labels, labels))
        return { kind: 'changed' }
      return agent.paused ? { kind: 'paused' } : undefined
    })
    const requests = calls.flatMap(({ agentId, requestKey }, index) =>
      answers[index] === undefined
        ? [{ agentId, requestKey, maxConcurrent: agents[index]?.maxConcurrent ?? null }]
        : [],
    )
    const claimed = requests.length === 0 ? [] : await options.claim(labels, requests)
    if (claimed.every(({ kind }) => kind !== 'empty')) room.wakeMore(calls.length)
    for (const answer of claimed)
      if (answer.kind === 'empty' && answer.lookAgainAfter !== undefined)
        room.ringAfter(answer.lookAgainAfter)
    const next = claimed.values()
    return answers.map((answer) => answer ?? next.next().value ?? { kind: 'busy' })
  }

  async function dequeue(call: DequeueCall): Promise<ClaimForAgentResult> {
    const until = performance.now() + call.waitMilliseconds
    const isOver = (): boolean => stopped || call.caller.isGone() || performance.now() >= until
    let pause = BUSY_MILLISECONDS
    for (;;) {
      const { labels } = await options.demandAgent(call)
      const group = groupFor(labels)
      group.calls += 1
      const seat = group.room.enter(call.agentId)
      try {
        const answer = await group.ask({ call, seat })
        if (answer.kind === 'changed') continue
        if (answer.kind === 'busy') {
          const isPatient = performance.now() < until + BUSY_PATIENCE_MILLISECONDS
          if (!isPatient || stopped || call.caller.isGone()) return { kind: 'empty' }
          await seat.news(pause, call.caller.whenGone())
          pause = Math.min(pause * 2, MOST_BUSY_MILLISECONDS)
          continue
        }
        if (answer.kind === 'claimed') {
          resetPolls()
          return answer
        }
        if (isOver()) return answer
        await seat.news(until - performance.now(), call.caller.whenGone())
        if (isOver()) return answer
      } finally {
        seat.leave()
        group.calls -= 1
        if (group.calls === 0) groups.delete(JSON.stringify(labels))
      }
    }
  }

  const ring = atMostEvery(RING_MILLISECONDS, () => {
    for (const { room } of groups.values()) room.ring()
    // A task that is reserved for one of those who were not woken would wait for that one's turn.
    if ([...groups.values()].some(({ room }) => room.unaware() > 0)) wakeReserved.call()
  })
  const wakeReserved = atMostEvery(RESERVED_MILLISECONDS, async () => {
    const reserved = new Set(await options.listReserved().catch(() => []))
    if (reserved.size > 0) for (const { room } of groups.values()) room.wakeAgents(reserved)
  })

  const { least, most } = options.pollMilliseconds
  let interval = least
  let poll: NodeJS.Timeout
  function schedulePoll(): void {
    poll = setTimeout(
      () => {
        interval = Math.min(interval * 1.5, most)
        ring.call()
        schedulePoll()
      },
      interval * (0.75 + 0.25 * options.random()),
    ).unref()
  }
  function resetPolls(): void {
    interval = least
  }
  schedulePoll()

  return {
    dequeue,
    ring() {
      resetPolls()
      ring.call()
    },
    waiting: () => [...groups.values()].reduce((sum, { room }) => sum + room.waiting(), 0),
    stop() {
      stopped = true
      clearTimeout(poll)
      ring.cancel()
      wakeReserved.cancel()
      for (const { room } of groups.values()) room.wakeAll()
    },
  }
}

/** Whether what was asked with this token is still asked rightly. */
export function hasToken(agent: KnownAgent, tokenHash: Buffer | null): boolean {
  return tokenHash === null || agent.tokenHash?.equals(tokenHash) === true
}

function sameLabels(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((label, index) => label === others[index])
}
