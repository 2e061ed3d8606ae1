import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inTransaction, STATEMENTS } from '@switchyard/store'
import { BACKLOG } from '../../support/backlog.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

const AGENTS = /* sql */ `
  insert into agents (id, execution_mode, labels, token_hash)
  select 'agent-' || n, 'http_pull', '{linux}', sha256(n::text::bytea) from generate_series(1, 300) n`

/** Lists with filters that may be left out: a plan for those that are given is worth its time, and people ask for them. */
const PLANNED_EACH_TIME = new Set(['list_agents', 'list_candidates', 'list_host_labels', 'list_tasks'])

/** PostgreSQL makes five plans for the values before it considers one for all (PostgreSQL documentation, PREPARE). */
const EXECUTIONS = 7

/** One value of each type that the statements take. */
const SAMPLES: Readonly<Record<string, string>> = {
  bigint: '1',
  boolean: 'true',
  bytea: "''",
  'double precision': '1',
  integer: '1',
  interval: "'1 s'",
  json: "'[]'",
  jsonb: "'[]'",
  name: "'x'",
  numeric: '1',
  smallint: '1',
  // A cursor is a text that must be a number.
  text: "'1'",
  'timestamp with time zone': 'now()',
  uuid: "'00000000-0000-4000-8000-000000000000'",
  xid8: "'1'",
}

function sampleOf(type: string): string {
  const element = SAMPLES[type.replace('[]', '')]
  if (element === undefined) throw new Error(`no sample of the type ${type}`)
  return type.endsWith('[]') ? `array[${element}]::${type}` : `${element}::${type}`
}

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.pool.query(BACKLOG)
  await database.pool.query(AGENTS)
  await database.pool.query('analyze')
})
afterAll(() => database.drop())

describe('every statement that is not a list with filters', () => {
  const statements = Object.entries(STATEMENTS).filter(([name]) => !PLANNED_EACH_TIME.has(name))
  it.each(statements)('%s is planned once for all its executions', async (name, text) => {
    const plans = await inTransaction(database.pool, async (connection) => {
      await connection.query(`prepare once_${name} as ${text}`)
      const find = (columns: string) =>
        connection.query<{ types: string[]; generic: number }>(
          `select ${columns} from pg_prepared_statements where name = $1`,
          [`once_${name}`],
        )
      const { rows: prepared } = await find('parameter_types::text[] as types')
      const values = prepared[0]!.types.map(sampleOf).join(', ')
      for (let execution = 0; execution < EXECUTIONS; execution++)
        await connection.query(`explain execute once_${name} ${values === '' ? '' : `(${values})`}`)
      const { rows } = await find('generic_plans::integer as generic')
      await connection.query(`deallocate once_${name}`)
      return rows[0]!
    })
    expect(plans.generic).toBeGreaterThan(0)
  })
})
