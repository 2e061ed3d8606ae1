import type { Queryable } from './pool.ts'

/** A lane in which nothing waits is kept for this long. */
const UNUSED_SECONDS = 3_600

// Whether something waits is asked lane by lane (tasks_last_turns): the planner, left to itself, might read the whole table of tasks.
const MARK_UNUSED_LANES = /* sql */ `
  with unused as materialized (
    select l.id from lanes l
     where l.unused_since is null
       and (select t.id from tasks t where t.status = 'pending' and t.lane = l.id and t.turn >= 0 order by t.priority limit 1) is null
     limit $2
       for no key update skip locked
  ), marked as (
    update lanes l set unused_since = coalesce($1::timestamptz, now()), unused_behind = null
      from unused where l.id = unused.id
    returning l.id
  )
  select count(*) as count from marked`

// A statement of its own, after the commit of the marks: its transaction takes its number when they can be seen. So all with a
// higher number see them.
const NOTE_WHO_SEES_MARKS = /* sql */ `
  with marked as materialized (
    select l.id from lanes l where l.unused_since is not null and l.unused_behind is null for no key update skip locked
  )
  update lanes l set unused_behind = pg_current_xact_id() from marked where l.id = marked.id`

// Whoever may have passed over the mark has ended, and what it put into the queue can be seen here. Who comes now meets the row's lock, and
// opens the lane anew (open_lanes, open_lane); one that took the mark away meanwhile is found when the row is read again under the lock.
const DELETE_UNUSED_LANES = /* sql */ `
  with unused as materialized (
    select l.id from lanes l
     where l.unused_since <= coalesce($1::timestamptz, now()) - make_interval(secs => $3)
       and l.unused_behind <= pg_snapshot_xmin(pg_current_snapshot())
       and (select t.id from tasks t where t.status = 'pending' and t.lane = l.id and t.turn >= 0 order by t.priority limit 1) is null
     limit $2
       for update skip locked
  ), deleted as (
    delete from lanes l using unused where l.id = unused.id returning l.id
  )
  select count(*) as count from deleted`

export interface UnusedLanesOptions {
  readonly limit: number
  readonly now?: Date | null
}

/** Marks lanes in which no task waits. Returns how many. Must not be part of a transaction. */
export async function markUnusedLanes(db: Queryable, { limit, now }: UnusedLanesOptions): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'mark_unused_lanes',
    text: MARK_UNUSED_LANES,
    values: [now ?? null, limit],
  })
  await db.query({ name: 'note_who_sees_marks', text: NOTE_WHO_SEES_MARKS, values: [] })
  return rows[0]?.count ?? 0
}

/** Deletes lanes, with their turns, that were marked an hour ago and that nobody has used since. Returns how many. */
export async function deleteUnusedLanes(db: Queryable, { limit, now }: UnusedLanesOptions): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'delete_unused_lanes',
    text: DELETE_UNUSED_LANES,
    values: [now ?? null, limit, UNUSED_SECONDS],
  })
  return rows[0]?.count ?? 0
}

export const UNUSED_LANE_STATEMENTS = {
  mark_unused_lanes: MARK_UNUSED_LANES,
  note_who_sees_marks: NOTE_WHO_SEES_MARKS,
  delete_unused_lanes: DELETE_UNUSED_LANES,
}
