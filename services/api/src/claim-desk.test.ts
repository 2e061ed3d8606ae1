import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { Claim } from '@switchyard/core'
import type { AgentRequest, ClaimForAgentResult, ClaimForAgentsResult, KnownAgent } from '@switchyard/store'
import { createClaimDesk } from './claim-desk.ts'
import type { ClaimDesk, ClaimDeskOptions } from './claim-desk.ts'

const NEVER = 1_000_000
const OUTAGE = new Error('the database is away')

interface Statement {
  readonly labels: readonly string[]
  readonly requests: readonly AgentRequest[]
}

const opened: ClaimDesk[] = []
afterEach(() => {
  for (const desk of opened.splice(0)) desk.stop()
})

/** A desk before a store that has so many tasks for everybody, and agents made as they are asked for. */
function stage(options: Partial<ClaimDeskOptions> = {}) {
  const store = { tasks: 0, reserved: new Set<string>(), statements: [] as Statement[] }
  const agents = new Map<string, Partial<KnownAgent>>()
  const agentOf = (id: string): KnownAgent => ({
    id,
    executionMode: 'http_pull',
    labels: [],
    maxConcurrent: null,
    paused: false,
    tokenHash: null,
    seenLongAgo: false,
    ...agents.get(id),
  })
  const answerTo = ({ agentId }: AgentRequest): ClaimForAgentsResult => {
    const isReserved = store.reserved.delete(agentId)
    if (!isReserved && store.tasks === 0) return { kind: 'empty' }
    if (!isReserved) store.tasks -= 1
    return { kind: 'claimed', claim: { agentId } as Claim }
  }
  const desk = createClaimDesk({
    claim: (labels, requests) => {
      store.statements.push({ labels, requests })
      return Promise.resolve(requests.map(answerTo))
    },
    findAgent: (id) => Promise.resolve(agentOf(id)),
    demandAgent: ({ agentId }) => Promise.resolve(agentOf(agentId)),
    listReserved: () => Promise.resolve([...store.reserved]),
    isOutage: (error) => error === OUTAGE,
    pollMilliseconds: { least: NEVER, most: NEVER },
    random: () => 0,
    ...options,
  })
  opened.push(desk)
  const call = (agentId: string, waitMilliseconds = NEVER, gone = new AbortController().signal) =>
    desk.dequeue({
      agentId,
      tokenHash: null,
      requestKey: null,
      waitMilliseconds,
      caller: { isGone: () => gone.aborted, whenGone: () => gone },
    })
  /** Calls that wait, after they have asked in vain. */
  async function waiting(count: number): Promise<Promise<ClaimForAgentResult>[]> {
    const calls = Array.from({ length: count }, (_, index) => call(`agent-${index}`))
    await untilWaiting(desk, count)
    store.statements.length = 0
    return calls
  }
  return { desk, store, agents, call, waiting }
}

async function untilWaiting(desk: ClaimDesk, count: number): Promise<void> {
  while (desk.waiting() !== count) await nextTurn()
}

const askedIn = (statements: readonly Statement[]): number =>
  statements.reduce((sum, { requests }) => sum + requests.length, 0)

describe('the claim desk', () => {
  it('asks in one statement for all that came together, a bounded number each time', async () => {
    const { store, call } = stage()
    store.tasks = 100
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => call(`agent-${index}`, 0)))
    expect(answers.map((answer) => answer.kind === 'claimed' && answer.claim.agentId)).toEqual(
      answers.map((_, index) => `agent-${index}`),
    )
    expect(store.statements.map(({ requests }) => requests.length)).toEqual([64, 36])
  })

  it('asks for each set of labels by itself', async () => {
    const { store, agents, call } = stage()
    for (const [index, labels] of [['a'], ['b'], ['a']].entries()) agents.set(`agent-${index}`, { labels })
    const answers = await Promise.all([0, 1, 2].map((index) => call(`agent-${index}`, 0)))
    expect(answers).toEqual([{ kind: 'empty' }, { kind: 'empty' }, { kind: 'empty' }])
    expect(store.statements.map(({ labels, requests }) => [labels, requests.length])).toEqual([
      [['a'], 2],
      [['b'], 1],
    ])
  })

  it('wakes a few of a thousand for one task', async () => {
    const { desk, store, waiting } = stage()
    const calls = await waiting(1_000)
    store.tasks = 1
    desk.ring()
    expect(await Promise.race(calls)).toMatchObject({ kind: 'claimed' })
    await untilWaiting(desk, 999)
    expect([store.statements.length, askedIn(store.statements)]).toEqual([1, 8])
  })

  it('wakes more while all the woken find something', async () => {
    const { desk, store, waiting } = stage()
    const calls = await waiting(1_000)
    let served = 0
    for (const call of calls) void call.then(({ kind }) => (served += Number(kind === 'claimed')))
    store.tasks = 100
    desk.ring()
    await untilWaiting(desk, 900)
    expect([store.tasks, served]).toEqual([0, 100])
    expect(askedIn(store.statements)).toBeLessThan(300)
  })

  it('finds who has a task reserved among all who wait', async () => {
    const { desk, store, waiting } = stage()
    const calls = await waiting(1_000)
    store.reserved.add('agent-777')
    desk.ring()
    expect(await calls[777]).toMatchObject({ kind: 'claimed', claim: { agentId: 'agent-777' } })
    await untilWaiting(desk, 999)
    expect(askedIn(store.statements)).toBe(9)
  })

  it('does not lose news that comes while it asks', async () => {
    const asked: ((answers: ClaimForAgentsResult[]) => void)[] = []
    const { desk, call } = stage({ claim: () => new Promise((resolve) => asked.push(resolve)) })
    const waiting = call('agent')
    while (asked.length === 0) await nextTurn()
    desk.ring()
    asked[0]?.([{ kind: 'empty' }])
    while (asked.length === 1) await nextTurn()
    asked[1]?.([{ kind: 'claimed', claim: {} as Claim }])
    expect(await waiting).toMatchObject({ kind: 'claimed' })
  })

  it('lets news that comes while a thousand still stand in line reach only those who have asked', async () => {
    let questions = 0
    let rung = false
    const { desk, call } = stage({
      async claim(_, requests) {
        questions += requests.length
        // One piece of news, not one per statement: how many pass the debouncing would depend on the machine.
        if (questions > 500 && !rung) desk.ring()
        rung = questions > 500
        await nextTurn()
        return requests.map(() => ({ kind: 'empty' as const }))
      },
    })
    for (let index = 0; index < 1_000; index += 1) void call(`agent-${index}`)
    await untilWaiting(desk, 1_000)
    const underWay = 2 * 64
    expect(questions).toBeGreaterThan(1_000)
    expect(questions).toBeLessThanOrEqual(1_000 + underWay + 8)
  })

  it('serves without any news what a poll finds', async () => {
    const { store, waiting } = stage({ pollMilliseconds: { least: 1, most: 2 } })
    const calls = await waiting(1)
    store.tasks = 1
    expect(await calls[0]).toMatchObject({ kind: 'claimed' })
  })

  it('looks again when the store says so', async () => {
    const answers: ClaimForAgentsResult[] = [
      { kind: 'empty', lookAgainAfter: 1 },
      { kind: 'claimed', claim: {} as Claim },
    ]
    const { call } = stage({ claim: () => Promise.resolve(answers.splice(0, 1)) })
    expect(await call('agent')).toMatchObject({ kind: 'claimed' })
  })

  it('asks again for what met somebody else’s lock, also for who does not wait', async () => {
    const answers: ClaimForAgentsResult[] = [{ kind: 'busy' }, { kind: 'busy' }, { kind: 'full' }]
    const { call } = stage({ claim: () => Promise.resolve(answers.splice(0, 1)) })
    expect(await call('agent', 0)).toEqual({ kind: 'full' })
    expect(answers).toEqual([])
  })

  it('follows an agent that is paused, resumed and relabelled while it waits', async () => {
    const { desk, store, agents, waiting } = stage()
    const [call] = await waiting(1)
    store.tasks = 1
    agents.set('agent-0', { paused: true })
    desk.ring()
    await nextTurn()
    await untilWaiting(desk, 1)
    expect(store.statements).toEqual([])
    agents.set('agent-0', { labels: ['new'] })
    desk.ring()
    expect(await call).toMatchObject({ kind: 'claimed' })
    expect(store.statements).toMatchObject([{ labels: ['new'] }])
  })

  it('lets a caller go who is gone, and asks nothing for it any more', async () => {
    const { desk, store, call } = stage()
    const gone = new AbortController()
    const waiting = call('agent', NEVER, gone.signal)
    await untilWaiting(desk, 1)
    gone.abort()
    expect(await waiting).toEqual({ kind: 'empty' })
    expect([desk.waiting(), store.statements.length]).toEqual([0, 1])
  })

  it('tells one caller of its own mistake and everybody of an outage', async () => {
    const bad = (requests: readonly AgentRequest[]): boolean =>
      requests.some(({ agentId }) => agentId === 'bad')
    const one = stage({
      claim: (_, requests) =>
        bad(requests)
          ? Promise.reject(new Error('a bad request'))
          : Promise.resolve(requests.map(() => ({ kind: 'full' as const }))),
    })
    const told = await Promise.allSettled(['good', 'bad', 'fine'].map((id) => one.call(id, 0)))
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const all = stage({ claim: () => Promise.reject(OUTAGE) })
    for (const call of [all.call('one'), all.call('two')]) await expect(call).rejects.toBe(OUTAGE)
  })

  it('answers everybody at the end', async () => {
    const { desk, waiting, call } = stage()
    const calls = await waiting(10)
    desk.stop()
    expect(await Promise.all(calls)).toEqual(calls.map(() => ({ kind: 'empty' })))
    expect(await call('late')).toEqual({ kind: 'empty' })
  })
})
