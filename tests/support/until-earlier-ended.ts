import type { Queryable } from '@switchyard/store'
import { until } from './until.ts'

/**
 * Waits until all transactions that wrote and began before now have ended, also those in the databases of tests that run beside: PostgreSQL numbers
 * them for the whole cluster, and what goes by pg_snapshot_xmin waits for every one of them.
 */
export async function untilEarlierEnded(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ id: string }>('select pg_current_xact_id()::text as id')
  await until('earlier transactions have ended', async () => {
    const { rows: snapshots } = await db.query<{ over: boolean }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 as over',
      [rows[0]?.id],
    )
    return snapshots[0]?.over === true
  })
}
