import type { ExecutionMode, TaskEventName, TaskStatus } from '@switchyard/core'
import type { Queryable } from './pool.ts'

export interface TaskEvent {
  /** Opaque; sorts events in the order in which readers may see them. */
  readonly cursor: string
  readonly taskId: string
  readonly at: Date
  readonly event: TaskEventName
  readonly fromStatus: TaskStatus | null
  readonly toStatus: TaskStatus | null
  readonly executionMode: ExecutionMode
  readonly agentId: string | null
  readonly attempt: number
  readonly actor: string
  readonly reason: string | null
}

const LIST_TASK_EVENTS = /* sql */ `
  select transaction_id || '-' || id as cursor, task_id as "taskId", at, event, from_status as "fromStatus",
         to_status as "toStatus", execution_mode as "executionMode", agent_id as "agentId", attempt, actor, reason
    from task_events
   where task_id = $1
   order by id`

// Only what lies behind every transaction still running: a transaction that commits late cannot then appear before a
// cursor that a reader has already passed (PostgreSQL documentation, pg_snapshot_xmin).
const LIST_EVENTS_AFTER = /* sql */ `
  select transaction_id || '-' || id as cursor, task_id as "taskId", at, event, from_status as "fromStatus",
         to_status as "toStatus", execution_mode as "executionMode", agent_id as "agentId", attempt, actor, reason
    from task_events
   where (transaction_id, id) > ($1::text::xid8, $2::bigint)
     and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
   order by transaction_id, id
   limit $3`

const LATEST_EVENT = /* sql */ `
  select coalesce(max(transaction_id || '-' || id), '0-0') as cursor
    from (select transaction_id, id from task_events
           where transaction_id < pg_snapshot_xmin(pg_current_snapshot())
           order by transaction_id desc, id desc limit 1) latest`

/** Everything recorded about one task, oldest first. */
export async function listTaskEvents(db: Queryable, taskId: string): Promise<TaskEvent[]> {
  const { rows } = await db.query<TaskEvent>({
    name: 'list_task_events',
    text: LIST_TASK_EVENTS,
    values: [taskId],
  })
  return rows
}

/** True when the text is a cursor that listEventsAfter understands. */
export function isEventCursor(text: string): boolean {
  return /^\d{1,19}-\d{1,18}$/.test(text)
}

/** What happened to all tasks after the cursor, in an order that never changes. */
export async function listEventsAfter(db: Queryable, cursor: string, limit: number): Promise<TaskEvent[]> {
  const [transactionId = '0', id = '0'] = cursor.split('-')
  const { rows } = await db.query<TaskEvent>({
    name: 'list_events_after',
    text: LIST_EVENTS_AFTER,
    values: [transactionId, id, limit],
  })
  return rows
}

/** The cursor from which only what happens from now on is read. */
export async function latestEventCursor(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ cursor: string }>({
    name: 'latest_event',
    text: LATEST_EVENT,
    values: [],
  })
  return rows[0]?.cursor ?? '0-0'
}

export const EVENT_STATEMENTS = {
  list_task_events: LIST_TASK_EVENTS,
  list_events_after: LIST_EVENTS_AFTER,
  latest_event: LATEST_EVENT,
}
