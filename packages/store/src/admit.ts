import { TRANSITIONS } from '@switchyard/core'
import { violatesUnique } from './database-errors.ts'
import type { Queryable } from './pool.ts'

// It waits for the row rather than skipping it: of two calls at once, the one that skipped could win the unique index and
// let the second task in before the first. The literal status is for the planner: of a parameter it cannot tell that tasks_waiting_by_key serves it.
const ADMIT_NEXT = /* sql */ `
  with instant as (select coalesce($2::timestamptz, now()) as at),
  next as materialized (
    select w.id from tasks w
     where w.status = 'waiting' and w.status = any($5::text[]) and w.concurrency_key = $1
       and not exists (select 1 from tasks a where a.concurrency_key = $1
                         and a.status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned'))
     order by w.position
     limit 1
       for update
  ), admitted as (
    update tasks t
       set status = case when t.run_at > instant.at then $4 else $3 end,
           pending_since = case when t.run_at > instant.at then t.pending_since else instant.at end,
           position = nextval('task_positions'),
           turn = case when t.run_at > instant.at then t.turn else next_turn(t.lane, t.priority, t.execution_mode, t.repository) end
      from next, instant
     where t.id = next.id
    returning t.*, instant.at
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, attempt, actor, reason)
    select id, at, case when status = $4 then 'postpone' else 'admit' end, 'waiting', status, execution_mode, attempt, 'queue',
           'no unfinished task ahead of it has the same concurrency key'
      from admitted
  )
  select id from admitted`

const LIST_ADMISSIBLE_KEYS = /* sql */ `
  with first as materialized (
    select distinct on (w.concurrency_key) w.id from tasks w
     where w.status = 'waiting'
       and not exists (select 1 from tasks a where a.concurrency_key = w.concurrency_key
                         and a.status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned'))
     order by w.concurrency_key, w.position
     limit $1
  )
  select concurrency_key as key from tasks where id = any(array(select id from first)) for update skip locked`

/**
 * Lets the oldest waiting task of this key into the queue, when no other task of the key is active. False when there is
 * none, or when somebody else did it at the same moment (the unique index tasks_one_active_per_key decides).
 */
export async function admitNext(
  db: Queryable,
  concurrencyKey: string,
  now: Date | null = null,
): Promise<boolean> {
  try {
    const { rows } = await db.query({
      name: 'admit_next',
      text: ADMIT_NEXT,
      values: [concurrencyKey, now, TRANSITIONS.admit.to, TRANSITIONS.postpone.to, TRANSITIONS.admit.from],
    })
    return rows.length > 0
  } catch (error) {
    if (violatesUnique(error, 'tasks_one_active_per_key')) return false
    throw error
  }
}

/**
 * Keys with a waiting task and no active one: what a process that died between an end and its admission left behind. Not those whose
 * first task somebody has locked, for whom nobody is to wait.
 */
export async function listAdmissibleKeys(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>({
    name: 'list_admissible_keys',
    text: LIST_ADMISSIBLE_KEYS,
    values: [limit],
  })
  return rows.map(({ key }) => key)
}

export const ADMIT_STATEMENTS = { admit_next: ADMIT_NEXT, list_admissible_keys: LIST_ADMISSIBLE_KEYS }
