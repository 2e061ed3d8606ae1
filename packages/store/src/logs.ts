import { hasEnded, isHeld, TRANSITIONS } from '@switchyard/core'
import type { TaskStatus } from '@switchyard/core'
import { inOrderAsked } from './order-asked.ts'
import type { Queryable } from './pool.ts'

// The row's counter is the guard: two appends at the same offset cannot both win. Pieces are stored whole; beyond half of
// the cap each append removes what fell out of the last half, so that the head and the tail of a long output remain. Offsets
// stay true: there is a gap between the two.
const APPEND_LOG = /* sql */ `
  with appended as (
    update tasks
       set log_bytes = log_bytes + octet_length($4::bytea)
     where id = $1 and lease_token = $2 and status = any($5::text[]) and log_bytes = $3
       and ($7::text is null or agent_id = $7)
    returning id, attempt, log_bytes, cancel_requested_at
  ), kept as (
    insert into task_logs (task_id, attempt, start_offset, content)
    select id, attempt, $3, $4::bytea from appended where octet_length($4::bytea) > 0
  ), cut as (
    delete from task_logs l
     using appended a
     where l.task_id = a.id and l.attempt = a.attempt and a.log_bytes > $6::bigint
       and l.start_offset >= $6::bigint / 2
       and l.start_offset + octet_length(l.content) <= a.log_bytes - $6::bigint / 2
  )
  select log_bytes, cancel_requested_at is not null as cancel_requested from appended`

// Renews the lease as well: one new row version for both. A row that somebody else has is left out rather than waited for, and
// so is a piece at another offset. The select around the first array: see COMPLETE_CLAIMS.
const APPEND_LOGS = /* sql */ `
  with held as materialized (
    select t.id, t.status as previous_status, asked.start_offset, asked.content, asked.actor, asked.number
      from unnest((select $1::uuid[]), $2::uuid[], $3::text[], $4::bigint[], $5::bytea[], $6::text[])
           with ordinality as asked (task_id, lease_token, agent_id, start_offset, content, actor, number)
      join tasks t on t.id = asked.task_id and t.lease_token = asked.lease_token and t.log_bytes = asked.start_offset
     where t.status = any($7::text[]) and (asked.agent_id is null or t.agent_id = asked.agent_id)
       for update of t skip locked
  ), appended as (
    update tasks t
       set status = $8,
           started_at = coalesce(t.started_at, coalesce($9::timestamptz, now())),
           lease_expires_at = coalesce($9::timestamptz, now()) + make_interval(secs => $10),
           log_bytes = t.log_bytes + octet_length(held.content)
      from held
     where t.id = held.id
    returning t.id, t.started_at, t.status, t.execution_mode, t.agent_id, t.attempt, t.lease_token, t.log_bytes,
              t.cancel_requested_at, held.previous_status, held.start_offset, held.content, held.actor, held.number
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor)
    select id, started_at, 'start', previous_status, status, execution_mode, agent_id, attempt, lease_token, actor
      from appended
     where previous_status <> status
  ), kept as (
    insert into task_logs (task_id, attempt, start_offset, content)
    select id, attempt, start_offset, content from appended where octet_length(content) > 0
  ), cut as (
    delete from task_logs l
     using appended a
     where l.task_id = a.id and l.attempt = a.attempt and a.log_bytes > $11::bigint
       and l.start_offset >= $11::bigint / 2
       and l.start_offset + octet_length(l.content) <= a.log_bytes - $11::bigint / 2
  )
  select number, log_bytes as "nextOffset", cancel_requested_at is not null as "cancelRequested" from appended`

const LOG_POSITION = /* sql */ `
  select log_bytes from tasks where id = $1 and lease_token = $2 and status = any($3::text[])
   and ($4::text is null or agent_id = $4)`

// The chunk that contains the offset, and what follows it, until there is enough of it. The length of a stored value is
// known without reading it.
const READ_LOG = /* sql */ `
  select start_offset, content
    from (select l.start_offset, l.content,
                 sum(octet_length(l.content)) over (order by l.start_offset) - octet_length(l.content) as bytes_before
            from task_logs l
           where l.task_id = $1 and l.attempt = $2
             and l.start_offset >= coalesce((select max(s.start_offset) from task_logs s
                                              where s.task_id = $1 and s.attempt = $2 and s.start_offset <= $3), 0)
           order by l.start_offset
           limit $4) piece
   where bytes_before < $5
   order by start_offset`

const LOG_EXTENT = /* sql */ `
  select t.attempt, t.log_bytes, t.status,
         l.end_offset, l.stored_bytes
    from tasks t
   cross join lateral (
     select coalesce(max(start_offset + octet_length(content)), 0) as end_offset,
            coalesce(sum(octet_length(content)), 0)::bigint as stored_bytes
       from task_logs where task_id = t.id and attempt = coalesce($2::integer, t.attempt)) l
   where t.id = $1`

export interface AppendLogRequest {
  readonly taskId: string
  readonly leaseToken: string
  /** Who must hold it; null or absent: whoever knows the token. */
  readonly agentId?: string | null
  /** Byte offset at which this text begins; must be the end of what is there. */
  readonly offset: number
  readonly text: string | Uint8Array
  /** Bytes kept for one attempt, half of them from the beginning and half from the end; up to a piece more at each. */
  readonly maxBytes: number
}

export type AppendLogResult =
  | { readonly kind: 'appended'; readonly nextOffset: number; readonly cancelRequested: boolean }
  | { readonly kind: 'wrong_offset'; readonly expectedOffset: number }
  | { readonly kind: 'lease_lost' }

/** Appends to the log of the running attempt. The claim must have started: renew the lease first. */
export async function appendLog(db: Queryable, request: AppendLogRequest): Promise<AppendLogResult> {
  const held = [TRANSITIONS.start.to]
  const content = typeof request.text === 'string' ? Buffer.from(request.text, 'utf8') : request.text
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

export interface LogAppend extends Pick<AppendLogRequest, 'taskId' | 'leaseToken' | 'agentId' | 'offset'> {
  readonly text: string
  readonly actor: string
}

/**
 * Renews many leases and appends to their logs in one statement, each task once; the results are in the order of the requests.
 * Null says only that nothing was appended here: the lease is lost, the offset is another, or somebody else has the row at this
 * moment. renewLease and appendLog tell which.
 */
export async function appendLogs(
  db: Queryable,
  appends: readonly LogAppend[],
  options: { readonly leaseSeconds: number; readonly maxBytes: number; readonly now?: Date | null },
): Promise<({ readonly nextOffset: number; readonly cancelRequested: boolean } | null)[]> {
  const { from, to } = TRANSITIONS.start
  const { rows } = await db.query<{ number: number; nextOffset: number; cancelRequested: boolean }>({
    name: 'append_logs',
    text: APPEND_LOGS,
    values: [
      appends.map(({ taskId }) => taskId),
      appends.map(({ leaseToken }) => leaseToken),
      appends.map(({ agentId }) => agentId ?? null),
      appends.map(({ offset }) => offset),
      appends.map(({ text }) => Buffer.from(text, 'utf8')),
      appends.map(({ actor }) => actor),
      [...from, to],
      to,
      options.now ?? null,
      options.leaseSeconds,
      options.maxBytes,
    ],
  })
  return inOrderAsked(appends.length, rows)
}

export interface LogPiece {
  readonly attempt: number
  /** Where the content begins: where it was asked for, or behind what was cut out there. */
  readonly offset: number
  /** How many bytes right before `offset` were asked for and are no longer stored. */
  readonly cutBytes: number
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
/** A read ends with the chunk that reaches this. */
const BYTES_PER_READ = 4 * 1_048_576

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
    status: TaskStatus
    end_offset: number
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
    values: [taskId, wanted, offset, CHUNKS_PER_READ, BYTES_PER_READ],
  })
  const { start, content } = joined(rows, offset)
  const isCurrent = wanted === extent.attempt
  const nextOffset = start + content.length
  // Also for who has seen the attempt: a claim that is given back before it started takes the number back with it.
  const toCome = !hasEnded(extent.status) && Math.max(wanted, 1) > extent.attempt
  const growing = toCome || (isCurrent && isHeld(extent.status))
  return {
    attempt: wanted,
    offset: start,
    cutBytes: start - offset,
    content,
    nextOffset,
    producedBytes: isCurrent ? Math.max(extent.log_bytes, extent.end_offset) : extent.end_offset,
    storedBytes: extent.stored_bytes,
    complete: !growing && nextOffset >= extent.end_offset,
  }
}

/** The last bytes of an attempt's log, at most so many. */
export async function readLogEnd(
  db: Queryable,
  taskId: string,
  attempt: number,
  endOffset: number,
  bytes: number,
): Promise<Buffer> {
  const piece = await readLog(db, taskId, attempt, Math.max(0, endOffset - bytes))
  return piece?.content ?? Buffer.alloc(0)
}

/** What follows the offset without a gap; behind a gap when the offset lies in one. */
function joined(
  rows: readonly { readonly start_offset: number; readonly content: Buffer }[],
  offset: number,
): { readonly start: number; readonly content: Buffer } {
  const following = rows.filter((row) => row.start_offset + row.content.length > offset)
  const start = Math.max(offset, following[0]?.start_offset ?? offset)
  const pieces: Buffer[] = []
  let end = start
  for (const row of following) {
    if (row.start_offset > end) break
    pieces.push(row.content.subarray(end - row.start_offset))
    end = row.start_offset + row.content.length
  }
  return { start, content: Buffer.concat(pieces) }
}

export const LOG_STATEMENTS = {
  append_log: APPEND_LOG,
  append_logs: APPEND_LOGS,
  log_position: LOG_POSITION,
  read_log: READ_LOG,
  log_extent: LOG_EXTENT,
}
