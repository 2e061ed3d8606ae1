import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inTransaction, STATEMENTS } from '@switchyard/store'
import { BACKLOG } from '../../support/backlog.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

/** Tasks of as many repositories, each of which has its first turn: an index in which they are alike is smaller, and looks cheaper. */
const BURST = /* sql */ `
    insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_reason, priority, requires,
                       created_by, source, max_attempts, pending_since, turn)
    select gen_random_uuid(), 'title', 'prompt', 'pending', 'undecided', 'undecided', 'creator', 'as requested', 3, '{linux}',
           'test', '{}', 3, now(), 1
      from generate_series(1, 30000)`

/** A backlog on both tracks, and a history: what the planner meets in earnest. */
let database: TestDatabase
/** The same, before PostgreSQL has counted it: what the planner meets after a burst. */
let uncounted: TestDatabase
/** The same, after a burst into a queue that was empty when PostgreSQL counted: it believes that nothing is pending, and does not know of the lanes. */
let surprised: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.pool.query(BACKLOG)
  await database.pool.query('analyze tasks')
  uncounted = await createTestDatabase()
  await uncounted.pool.query('alter table tasks set (autovacuum_enabled = off)')
  await uncounted.pool.query(BACKLOG)
  surprised = await createTestDatabase()
  await surprised.pool.query('alter table tasks set (autovacuum_enabled = off)')
  await surprised.pool.query(BACKLOG)
  await surprised.pool.query(
    `update tasks set status = 'succeeded', finished_at = now(), requires = '{other}'`,
  )
  await surprised.pool.query('analyze tasks')
  await surprised.pool.query(BACKLOG)
  await surprised.pool.query(BURST)
})
afterAll(async () => {
  await database.drop()
  await uncounted.drop()
  await surprised.drop()
})

describe('every statement', () => {
  it.each(Object.entries(STATEMENTS))('%s fits the schema', async (name, text) => {
    await database.pool.query(`prepare check_${name} as ${text}`)
  })
})

/** What grows with the number of tasks. */
const GROWING = /^(tasks|task_events|task_logs|deliveries)/
/** Statements that are about the whole of something small, or about what is unfinished, or stop at its beginning. */
const READ_WHOLE: Readonly<Record<string, readonly string[]>> = {
  count_unfinished: ['tasks_unfinished_by_id'],
  list_admissible_keys: ['tasks_waiting_by_key'],
  list_deliveries: ['deliveries_pkey'],
  list_expired_claims: ['tasks_held_by_agent'],
  list_tasks: ['tasks_pkey'],
  repeat_claims: ['tasks_request_key'],
  take_orphans: ['tasks_held_by_agent'],
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/** What a plan reads from one end to the other: an index, or a table. */
function readWhole(node: PlanNode): string[] {
  const isScan = /^(Seq|Index|Index Only|Bitmap Index) Scan$/.test(node['Node Type'])
  const read = node['Index Name'] ?? node['Relation Name'] ?? ''
  const here = isScan && node['Index Cond'] === undefined ? [read] : []
  return [...here, ...(node.Plans ?? []).flatMap(readWhole)]
}

/** What they read whole besides, when PostgreSQL believes that nothing is pending: asked once for a person or a cycle. */
const READ_WHOLE_IN_SURPRISE: Readonly<Record<string, readonly string[]>> = {
  count_ahead: ['tasks_last_turns'],
  list_admissible_keys: ['tasks_one_active_per_key'],
}

async function readWholeBy({ pool }: TestDatabase, name: string, text: string): Promise<string[]> {
  return inTransaction(pool, async (connection) => {
    // Without it, a plan that reads a whole table means that nothing else would do.
    await connection.query('set local enable_seqscan = off')
    await connection.query('set local plan_cache_mode = force_generic_plan')
    await connection.query(`prepare index_${name} as ${text}`)
    const { rows: prepared } = await connection.query<{ count: number }>(
      `select cardinality(parameter_types) as count from pg_prepared_statements where name = $1`,
      [`index_${name}`],
    )
    const values = Array.from({ length: prepared[0]?.count ?? 0 }, () => 'null').join(', ')
    const { rows } = await connection.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (format json) execute index_${name} ${values === '' ? '' : `(${values})`}`,
    )
    await connection.query(`deallocate index_${name}`)
    return readWhole(rows[0]!['QUERY PLAN'][0].Plan)
      .filter((read) => GROWING.test(read))
      .sort()
  })
}

describe('every statement', () => {
  it.each(Object.entries(STATEMENTS))('%s has an index for what it looks for', async (name, text) => {
    expect(await readWholeBy(database, name, text)).toEqual(READ_WHOLE[name] ?? [])
  })

  it.each(Object.entries(STATEMENTS))('%s uses it also in a burst', async (name, text) => {
    const accepted = [...(READ_WHOLE[name] ?? []), ...(READ_WHOLE_IN_SURPRISE[name] ?? [])]
    const whole = await readWholeBy(surprised, name, text)
    expect(whole.filter((read) => !accepted.includes(read))).toEqual([])
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

  it.each(cases)('$name walks $index in order with $mode, whatever the statistics', async (each) => {
    for (const counted of [database, uncounted, surprised]) {
      const plan = await explain(counted, each)
      expect(plan).not.toContain('Seq Scan on tasks')
      // The queue's order comes from the index, and the reading ends with the limit: no lane is collected and sorted.
      expect(plan).toMatch(new RegExp(`Limit\\n\\s+->  Index Scan using ${each.index} on tasks`))
      expect(plan).toContain('Index Cond: ((lane = l.id) AND (priority = ')
    }
  })

  it.each(cases)('$name locks what it found by its id with $mode, whatever the statistics', async (each) => {
    for (const counted of [database, uncounted, surprised]) {
      const plan = await explain(counted, each)
      const locking = plan.slice(plan.indexOf('LockRows'), plan.indexOf('CTE matched'))
      expect(locking).toContain('on tasks t')
      expect(locking).toMatch(/Scan (using|on) tasks_pkey/)
      expect(locking).not.toMatch(/tasks_(?!pkey)\w+_queue/)
    }
  })

  it.each(cases)(
    '$name updates each task by its id with $mode: hundreds at a time, it would compare all with all',
    async (each) => {
      for (const counted of [database, uncounted, surprised]) {
        const plan = await explain(counted, each)
        const updating = plan.slice(plan.indexOf('Update on tasks'), plan.indexOf('CTE noted'))
        expect(updating).toMatch(
          /Nested Loop\n\s+->\s+CTE Scan on matched m\n.*tasks_pkey.*\n\s+Index Cond: \(id = m\.id\)/,
        )
      }
    },
  )
})

describe('ready_hosts', () => {
  it.each(['force_custom_plan', 'force_generic_plan'])(
    'asks for each host by its id, also when PostgreSQL has not counted the hosts, with %s',
    async (mode) => {
      const plan = await inTransaction(uncounted.pool, async (connection) => {
        await connection.query(`set local plan_cache_mode = ${mode}`)
        await connection.query(`prepare ready_${mode} as ${STATEMENTS['ready_hosts']!}`)
        const ids = Array.from({ length: 1000 }, (_, number) => `host-${number}`)
        const { rows } = await connection.query<{ 'QUERY PLAN': string }>(
          `explain (costs off) execute ready_${mode} ('{${ids.join(',')}}', null)`,
        )
        await connection.query(`deallocate ready_${mode}`)
        return rows.map((row) => row['QUERY PLAN']).join('\n')
      })
      expect(plan).not.toMatch(/Join|Hash|Seq Scan on (hosts|tasks)/)
      expect(plan).toContain('Index Cond: (id = a.id)')
      expect(plan).toContain('Index Cond: (agent_id = a.id)')
    },
  )
})
