import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  AGENT_MODES,
  DECIDERS,
  ENDED_STATUSES,
  EXECUTION_MODES,
  HELD_STATUSES,
  TASK_STATUSES,
  TRANSITIONS,
} from '@switchyard/core'
import { DELIVERY_OUTCOMES } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** The texts that a constraint or index quotes, in its order. */
async function quotedIn(name: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = $1
     union all select pg_get_indexdef(to_regclass($1)) where to_regclass($1) is not null`,
    [name],
  )
  expect(rows).toHaveLength(1)
  return [...rows[0]!.definition.matchAll(/'([a-z_]+)'::text/g)].map(([, text]) => text!)
}

describe('the schema repeats what core says', () => {
  it.each([
    ['tasks_status_check', TASK_STATUSES],
    ['tasks_execution_mode_check', EXECUTION_MODES],
    ['tasks_requested_mode_check', EXECUTION_MODES],
    ['tasks_mode_decided_by_check', DECIDERS],
    ['agents_execution_mode_check', AGENT_MODES],
    ['deliveries_outcome_check', DELIVERY_OUTCOMES],
    ['tasks_lease_iff_held', HELD_STATUSES],
    ['tasks_no_lease_remains', HELD_STATUSES],
    ['tasks_held_mode_is_decided', [...HELD_STATUSES, 'undecided']],
    ['tasks_finished_iff_ended', ENDED_STATUSES],
    ['tasks_one_active_per_key', TASK_STATUSES.filter((status) => isActive(status))],
    ['tasks_one_unfinished_per_object', ENDED_STATUSES],
    ['tasks_held_by_agent', HELD_STATUSES],
  ])('%s', async (name, values) => {
    expect(await quotedIn(name)).toEqual(values)
  })
})

/** Past waiting and not ended: what holds up the next task with the same concurrency key. */
function isActive(status: (typeof TASK_STATUSES)[number]): boolean {
  return status !== 'waiting' && !ENDED_STATUSES.some((ended) => ended === status)
}

describe('the transition table', () => {
  it('reaches every status but the ones a task is created in, and leaves every status', () => {
    const transitions = Object.values(TRANSITIONS)
    const reached = new Set<string>(transitions.map(({ to }) => to))
    expect(TASK_STATUSES.filter((status) => !reached.has(status))).toEqual(['waiting'])
    const left = new Set<string>(transitions.flatMap(({ from }) => [...from]))
    expect(TASK_STATUSES.filter((status) => !left.has(status))).toEqual([])
  })
})
