import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Queryable } from '@switchyard/store'

/** Waits until PostgreSQL says that the one backend waits for the other (pg_blocking_pids). */
export async function untilBlocked(db: Queryable, blockedPid: number, byPid: number): Promise<void> {
  for (;;) {
    const { rows } = await db.query<{ blocked: boolean }>(
      'select $2::integer = any(pg_blocking_pids($1)) as blocked',
      [blockedPid, byPid],
    )
    if (rows[0]?.blocked === true) return
    await nextTurn()
  }
}
