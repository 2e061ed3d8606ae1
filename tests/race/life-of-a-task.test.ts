import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ClaimIdentity } from '@switchyard/store'
import fc from 'fast-check'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { findBrokenRules } from '../support/life-invariants.ts'
import { AGENTS, HOST, LifeWorld } from '../support/life-world.ts'
import type { Step } from '../support/life-world.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const token = fc.nat(9)
const task = fc.nat(3)
const agent = fc.constantFrom(...AGENTS)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('dequeue' as const), agent, key: fc.constantFrom(null, 'a') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('dispatch' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('heartbeat', 'heartbeat', 'complete', 'fail', 'release'),
      token,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cancel', 'rerun', 'rerun'), task }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      task,
      agent: fc.constantFrom(...AGENTS, HOST),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('sweep' as const), seconds: fc.constantFrom(1, 10, 31, 100) }),
  },
)

/** What the tokens are worth: until when each live one holds. */
class TokenModel {
  readonly #live = new Map<string, { taskId: string; until: number }>()

  claimed({ taskId, leaseToken }: ClaimIdentity, seconds: number): void {
    for (const [other, held] of this.#live)
      if (held.taskId === taskId && other !== leaseToken) throw new Error(`${taskId} has two holders`)
    this.#live.set(leaseToken, { taskId, until: seconds + 30 })
  }

  /** Whether the holder may go on with it, or end it. */
  holds(leaseToken: string): boolean {
    return this.#live.has(leaseToken)
  }

  renewed(leaseToken: string, seconds: number): void {
    const held = this.#live.get(leaseToken)
    if (held !== undefined) held.until = seconds + 90
  }

  ended(leaseToken: string): void {
    this.#live.delete(leaseToken)
  }

  expiredAt(seconds: number): string[] {
    return [...this.#live].filter(([, { until }]) => until <= seconds).map(([leaseToken]) => leaseToken)
  }
}

async function takeAndPredict(world: LifeWorld, model: TokenModel, next: Step): Promise<void> {
  switch (next.kind) {
    case 'dequeue': {
      const claim = await world.dequeue(next.agent, next.key)
      if (claim !== null)
        model.claimed({ taskId: claim.task.id, leaseToken: claim.leaseToken }, world.seconds)
      return
    }
    case 'dispatch':
      for (const claim of await world.dispatch())
        model.claimed({ taskId: claim.task.id, leaseToken: claim.leaseToken }, world.seconds)
      return
    case 'cancel':
      await world.cancel(world.taskId(next.task))
      return
    case 'sweep': {
      world.seconds += next.seconds
      const expired = await world.expired()
      expect(expired.map(({ leaseToken }) => leaseToken).sort()).toEqual(
        model.expiredAt(world.seconds).sort(),
      )
      await world.sweep()
      for (const { leaseToken } of expired) model.ended(leaseToken)
      return
    }
    case 'heartbeat':
    case 'complete':
    case 'fail':
    case 'release': {
      const claim = world.claim(next.token)
      if (claim === null) return
      const predicted = model.holds(claim.leaseToken)
      const result = await world[next.kind](claim)
      expect(result !== null && result !== false).toBe(predicted)
      if (!predicted) return
      if (next.kind === 'heartbeat') model.renewed(claim.leaseToken, world.seconds)
      else model.ended(claim.leaseToken)
      return
    }
    case 'rerun':
    case 'assign':
      await world.take(next)
  }
}

describe('the life of a task', () => {
  it('goes by the table, and every token is worth what the model says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = new LifeWorld(database.pool)
        await world.reset()
        const model = new TokenModel()
        for (const next of steps) await takeAndPredict(world, model, next)
        expect(await findBrokenRules(database.pool)).toEqual([])
        expect(await world.finishEverything()).toBe(true)
        expect(await findBrokenRules(database.pool)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('goes by the table also when everybody acts at once', async () => {
    const rounds = fc.array(fc.array(step, { minLength: 2, maxLength: 6 }), { minLength: 4, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(rounds, async (batches) => {
        const world = new LifeWorld(database.pool)
        await world.reset()
        for (const batch of batches) await Promise.all(batch.map((next) => world.take(next)))
        expect(await findBrokenRules(database.pool)).toEqual([])
        expect(await world.finishEverything()).toBe(true)
        expect(await findBrokenRules(database.pool)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})
