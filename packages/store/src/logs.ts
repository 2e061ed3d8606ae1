import { TRANSITIONS } from '@switchyard/core'
import type { Queryable } from './pool.ts'

// The row's counter is the guard: two appends at the same offset cannot both win. What passes the cap is counted, so that
// offsets stay true, but not stored.
const APPEND_LOG = /* sql */ `
  with appended as (
    update tasks
       set log_bytes = log_bytes + octet_length($4::bytea)
     where id = $1 and lease_token = $2 and status = any($5::text[]) and log_bytes = $3
       and ($7::text is null or agent_id = $7)
    returning id, attempt, log_bytes, cancel_requested_at
  ), kept as (
    insert into task_logs (task_id, attempt, start_offset, content)
    select id, attempt, $3, substring($4::bytea from 1 for least($6::bigint - $3, octet_length($4::bytea))::integer) from appended
     where $3 < $6 and octet_length($4::bytea) > 0
  )
  select log_bytes, cancel_requested_at is not null as cancel_requested from appended`

const LOG_POSITION = /* sql */ `
  select log_bytes from tasks where id = $1 and lease_token = $2 and status = any($3::text[])
   and ($4::text is null or agent_id = $4)`

// The chunk that contains the offset, and what follows it.
const READ_LOG = /* sql */ `
  select l.start_offset, l.content
    from task_logs l
   where l.task_id = $1 and l.attempt = $2
     and l.start_offset >= coalesce((select max(s.start_offset) from task_logs s
                                      where s.task_id = $1 and s.attempt = $2 and s.start_offset <= $3), 0)
   order by l.start_offset
   limit $4`

const LOG_EXTENT = /* sql */ `
  select t.attempt, t.log_bytes, t.status,
         coalesce((select max(l.start_offset + octet_length(l.content)) from task_logs l
                    where l.task_id = t.id and l.attempt = coalesce($2::integer, t.attempt)), 0) as stored_bytes
    from tasks t
   where t.id = $1`

export interface AppendLogRequest {
  readonly taskId: string
  readonly leaseToken: string
  /** Who must hold it; null or absent: whoever knows the token. */
  readonly agentId?: string | null
  /** Byte offset at which this text begins; must be the end of what is there. */
  readonly offset: number
  readonly text: string
  /** Bytes kept for one attempt. */
  readonly maxBytes: number
}

export type AppendLogResult =
  | { readonly kind: 'appended'; readonly nextOffset: number; readonly cancelRequested: boolean }
  | { readonly kind: 'wrong_offset'; readonly expectedOffset: number }
  | { readonly kind: 'lease_lost' }

/** Appends to the log of the running attempt. The claim must have started: renew the lease first. */
export async function appendLog(db: Queryable, request: AppendLogRequest): Promise<AppendLogResult> {
  const held = [TRANSITIONS.start.to]
  const content = Buffer.from(request.text, 'utf8')
  const { rows } = await db.query<{ log_bytes: number; cancel_requested: boolean }>({
    name: 'append_log',
    text: APPEND_LOG,
    values: [
      request.taskId,
      request.leaseToken,
      request.offset,
      content,
      held,
      request.maxBytes,
      request.agentId ?? null,
    ],
  })
  const row = rows[0]
  if (row !== undefined)
    return { kind: 'appended', nextOffset: row.log_bytes, cancelRequested: row.cancel_requested }
  const position = await db.query<{ log_bytes: number }>({
    name: 'log_position',
    text: LOG_POSITION,
    values: [request.taskId, request.leaseToken, held, request.agentId ?? null],
  })
  const expected = position.rows[0]?.log_bytes
  return expected === undefined ? { kind: 'lease_lost' } : { kind: 'wrong_offset', expectedOffset: expected }
}

export interface LogPiece {
  readonly attempt: number
  readonly offset: number
  /** Raw bytes from `offset`: a piece may end inside a character. */
  readonly content: Buffer
  readonly nextOffset: number
  /** Bytes the attempt has produced; more than are stored when the cap was passed. */
  readonly producedBytes: number
  readonly storedBytes: number
  /** The attempt is over and everything stored has been read. */
  readonly complete: boolean
}

const CHUNKS_PER_READ = 256

/** Log bytes of one attempt (the latest when null) from an offset on. Null when the task does not exist. */
export async function readLog(
  db: Queryable,
  taskId: string,
  attempt: number | null,
  offset: number,
): Promise<LogPiece | null> {
  const extents = await db.query<{
    attempt: number
    log_bytes: number
    status: string
    stored_bytes: number
  }>({
    name: 'log_extent',
    text: LOG_EXTENT,
    values: [taskId, attempt],
  })
  const extent = extents.rows[0]
  if (extent === undefined) return null
  const wanted = attempt ?? extent.attempt
  const { rows } = await db.query<{ start_offset: number; content: Buffer }>({
    name: 'read_log',
    text: READ_LOG,
    values: [taskId, wanted, offset, CHUNKS_PER_READ],
  })
  const pieces = rows.map((row) => row.content.subarray(Math.max(0, offset - row.start_offset)))
  const content = Buffer.concat(pieces)
  const isCurrent = wanted === extent.attempt
  const nextOffset = offset + content.length
  const held = extent.status === 'claimed' || extent.status === 'running' || extent.status === 'orphaned'
  // Before the first attempt the log is still to come, unless the task was cancelled.
  const toCome = extent.attempt === 0 && extent.status !== 'cancelled'
  const growing = isCurrent && (held || toCome)
  return {
    attempt: wanted,
    offset,
    content,
    nextOffset,
    producedBytes: isCurrent ? Math.max(extent.log_bytes, extent.stored_bytes) : extent.stored_bytes,
    storedBytes: extent.stored_bytes,
    complete: !growing && nextOffset >= extent.stored_bytes,
  }
}

export const LOG_STATEMENTS = {
  append_log: APPEND_LOG,
  log_position: LOG_POSITION,
  read_log: READ_LOG,
  log_extent: LOG_EXTENT,
}
