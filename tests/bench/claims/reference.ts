import { idleFor } from '../idle.ts'
import type { Pool } from '@switchyard/store'
import { startTimeline, type Timeline } from './load/timeline.ts'

const BARE_CONNECTIONS = 16

/** What one durable commit of one small row takes, one after the other on one connection, in milliseconds. */
export async function measureCommits(
  pool: Pool,
  count: number,
  pauseMilliseconds: number,
): Promise<number[]> {
  await pool.query('create table if not exists bench_commits (at timestamptz not null)')
  const connection = await pool.connect()
  try {
    const taken: number[] = []
    while (taken.length < count) {
      await idleFor(pauseMilliseconds)
      const begin = performance.now()
      await connection.query({ name: 'bench_commit', text: 'insert into bench_commits values (now())' })
      taken.push(performance.now() - begin)
    }
    return taken
  } finally {
    connection.release()
  }
}

/**
 * The limit of a queue on PostgreSQL that takes and ends one task at a time, as pgbench would measure it: a table of an id and a state, one
 * index, one statement to take a row and one to end it, each a commit, on as many connections as pay.
 */
export async function createBareQueue(pool: Pool): Promise<void> {
  await pool.query(
    `create table bench_queue (id bigint generated always as identity primary key, state text not null)`,
  )
  await pool.query(`create index bench_queue_pending on bench_queue (id) where state = 'pending'`)
}

export async function fillBareQueue(pool: Pool, rows: number): Promise<void> {
  await pool.query(`insert into bench_queue (state) select 'pending' from generate_series(1, $1::integer)`, [
    rows,
  ])
  await pool.query('analyze bench_queue')
}

export async function workBareQueue(pool: Pool, seconds: number): Promise<Timeline> {
  const clock = startTimeline(seconds)
  async function work(): Promise<void> {
    const connection = await pool.connect()
    try {
      while (!clock.isOver()) {
        const taken = await connection.query<{ id: number }>({
          name: 'bench_take',
          text: `update bench_queue set state = 'taken' where id =
                  (select id from bench_queue where state = 'pending' order by id limit 1 for update skip locked)
                 returning id`,
        })
        const [row] = taken.rows
        if (row === undefined) {
          clock.end()
          break
        }
        await connection.query({
          name: 'bench_end',
          text: `update bench_queue set state = 'ended' where id = $1 and state = 'taken'`,
          values: [row.id],
        })
        clock.count()
      }
    } finally {
      connection.release()
    }
  }
  await Promise.all(Array.from({ length: BARE_CONNECTIONS }, work))
  return clock.timeline()
}
