import type { Queryable } from './pool.ts'
import type { ReachedTurn, ScanMemory } from './scan-memory.ts'

// In one order, so that two processes never wait for each other's rows crosswise.
const PUBLISH_TURNS = /* sql */ `
  insert into turns as t (lane, priority, track, reached)
  select r.lane, r.priority, $4, r.reached
    from unnest($1::bigint[], $2::smallint[], $3::bigint[]) as r(lane, priority, reached)
    join lanes l on l.id = r.lane -- one in which nothing has waited for long is gone
   order by r.lane, r.priority
  on conflict (lane, priority, track) do update set reached = excluded.reached where t.reached < excluded.reached`

/** Writes down how far the claims of a track have come, for the turns of tasks that come from now on. A value never goes back. */
export async function publishTurns(
  db: Queryable,
  track: 'pull' | 'push',
  reached: readonly ReachedTurn[],
): Promise<void> {
  await db.query({
    name: 'publish_turns',
    text: PUBLISH_TURNS,
    values: [
      reached.map(({ lane }) => lane),
      reached.map(({ priority }) => priority),
      reached.map(({ turn }) => turn),
      track,
    ],
  })
}

/**
 * Publishes what the memory has gathered when it is time. Outside of the claim, which does not wait for it; an error costs
 * fairness for a moment and nothing else, and the next claim tries again.
 */
export function publishWhenDue(db: Queryable, track: 'pull' | 'push', scan: ScanMemory): void {
  const reached = scan.takeReached(performance.now())
  if (reached.length > 0) publishTurns(db, track, reached).catch(() => undefined)
}

export const TURN_STATEMENTS = { publish_turns: PUBLISH_TURNS }
