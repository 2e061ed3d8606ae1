import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inTransaction, STATEMENTS } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

const BACKLOG = /* sql */ `
    insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_reason, priority,
                       requires, created_by, source, max_attempts, pending_since, finished_at)
    select gen_random_uuid(), 'title', 'prompt', status, mode, mode, 'creator', 'as requested', 1 + n % 4,
           case when n % 3 = 0 then array['linux'] else '{}' end, 'test', '{}', 3, now(), case status when 'succeeded' then now() end
      from generate_series(1, 8000) n,
           lateral (select case n % 2 when 0 then 'pending' else 'succeeded' end as status,
                           (array['undecided', 'ssh_cli', 'http_pull'])[1 + n % 3] as mode) kind`

/** A backlog on both tracks, and a history: what the planner meets in earnest. */
let database: TestDatabase
/** The same, before PostgreSQL has counted it: what the planner meets after a burst. */
let uncounted: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.pool.query(BACKLOG)
  await database.pool.query('analyze tasks')
  uncounted = await createTestDatabase()
  await uncounted.pool.query('alter table tasks set (autovacuum_enabled = off)')
  await uncounted.pool.query(BACKLOG)
})
afterAll(async () => {
  await database.drop()
  await uncounted.drop()
})

describe('every statement', () => {
  it.each(Object.entries(STATEMENTS))('%s fits the schema', async (name, text) => {
    await database.pool.query(`prepare check_${name} as ${text}`)
  })
})

describe('the claims', () => {
  const claims = [
    {
      name: 'claim_next',
      index: 'tasks_pull_queue',
      values: `'{agent}', '{linux}', null, 30, '{null}', 'agent', 16, '{}', '{}', '{}', '{}'`,
    },
    {
      name: 'claim_next_for_hosts',
      index: 'tasks_push_queue',
      values: `'{host}', '{linux}', null, 30, 'dispatcher', 'host', 64`,
    },
  ]
  const cases = claims.flatMap((claim) =>
    ['force_custom_plan', 'force_generic_plan'].map((mode) => ({ ...claim, mode })),
  )
  type Case = (typeof cases)[number]

  function explain({ pool }: TestDatabase, { name, values, mode }: Case): Promise<string> {
    return inTransaction(pool, async (connection) => {
      await connection.query(`set local plan_cache_mode = ${mode}`)
      await connection.query(`prepare plan_${name}_${mode} as ${STATEMENTS[name]!}`)
      const { rows } = await connection.query<{ 'QUERY PLAN': string }>(
        `explain (costs off) execute plan_${name}_${mode} (${values})`,
      )
      await connection.query(`deallocate plan_${name}_${mode}`)
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    })
  }

  it.each(cases)('$name walks $index in order with $mode', async (each) => {
    const plan = await explain(database, each)
    expect(plan).not.toContain('Seq Scan on tasks')
    // The queue's order comes from the index, and the reading ends with the limit: no lane is collected and sorted.
    expect(plan).toMatch(new RegExp(`Limit\\n\\s+->  Index Scan using ${each.index} on tasks`))
    expect(plan).toContain('Index Cond: ((lane = l.id) AND (priority = ')
  })

  it.each(cases)('$name locks what it found by its id with $mode, whatever the statistics', async (each) => {
    for (const plan of [await explain(database, each), await explain(uncounted, each)]) {
      const locking = plan.slice(plan.indexOf('LockRows'), plan.indexOf('CTE matched'))
      expect(locking).toContain('on tasks t')
      expect(locking).toMatch(/Scan (using|on) tasks_pkey/)
      expect(locking).not.toMatch(/tasks_(?!pkey)\w+_queue/)
    }
  })
})
