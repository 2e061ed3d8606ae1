import { afterAll, beforeAll } from '@jest/globals'
import type { Pool } from '@switchyard/store'
import { createTestDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'
import { holdBeforeCommit, openRacingPool } from './racing-pools.ts'
import type { RacingPool } from './racing-pools.ts'
import { untilBlocked } from './until-blocked.ts'

/** A database and two connections that meet on one row, for the tests of one file. */
export interface RaceStage {
  readonly database: TestDatabase
  readonly first: RacingPool
  readonly second: RacingPool
  /** The first does everything but its commit; the second comes and waits for it; then the first commits. */
  race<A, B>(
    winner: (pool: Pool) => Promise<A>,
    loser: (pool: Pool) => Promise<B>,
  ): Promise<{ won: A; lost: B }>
  /** The first does everything but its commit; the second comes and must not wait; then the first commits. */
  overtake<A, B>(
    winner: (pool: Pool) => Promise<A>,
    loser: (pool: Pool) => Promise<B>,
  ): Promise<{ won: A; lost: B }>
}

/** Sets the stage before the file's tests and clears it after them. */
export function useRaceStage(): RaceStage {
  let stage: { database: TestDatabase; first: RacingPool; second: RacingPool } | undefined
  beforeAll(async () => {
    const database = await createTestDatabase()
    stage = { database, first: await openRacingPool(database), second: await openRacingPool(database) }
  })
  afterAll(async () => {
    await stage?.first.end()
    await stage?.second.end()
    await stage?.database.drop()
  })
  const set = (): NonNullable<typeof stage> => {
    if (stage === undefined) throw new Error('the stage is set before the first test')
    return stage
  }
  return {
    get database() {
      return set().database
    },
    get first() {
      return set().first
    },
    get second() {
      return set().second
    },
    async race(winner, loser) {
      const { database, first, second } = set()
      const held = holdBeforeCommit(first.pool)
      const winning = winner(held.pool)
      await held.reachedCommit
      const losing = loser(second.pool)
      await untilBlocked(database.pool, second.pid, first.pid)
      held.release()
      return { won: await winning, lost: await losing }
    },
    async overtake(winner, loser) {
      const { first, second } = set()
      const held = holdBeforeCommit(first.pool)
      const winning = winner(held.pool)
      await held.reachedCommit
      const lost = await loser(second.pool)
      held.release()
      return { won: await winning, lost }
    },
  }
}
