import { storableJson, storableText, TRANSITIONS } from '@switchyard/core'
import type { Settlement, Task } from '@switchyard/core'
import { admitNext } from './admit.ts'
import { isLockTimeout } from './database-errors.ts'
import { inTransaction } from './pool.ts'
import type { Connection, Pool, Queryable } from './pool.ts'
import { toTask } from './task-rows.ts'
import type { TaskRow } from './task-rows.ts'

const LOCK_CLAIM = /* sql */ `
  select *, lease_expires_at <= coalesce($3::timestamptz, now()) as expired,
         coalesce(extract(epoch from coalesce($3::timestamptz, now()) - orphaned_at), 0)::float8 as orphaned_seconds
    from tasks
   where id = $1 and lease_token = $2 and ($4::text is null or agent_id = $4)
     for update`

// One text for every way a claim ends but success. What returns to the queue takes a new turn and position, loses its holder, and
// goes back to the mode its creator asked for (an assignment by hand stays).
const END_CLAIM = /* sql */ `
  with instant as (select coalesce($5::timestamptz, now()) as at),
  ended as (
    update tasks t
       set status = $4,
           lease_token = case when $4 = 'orphaned' then t.lease_token end,
           -- An orphan is there to be adopted at once, also when its holder still had time.
           lease_expires_at = case when $4 = 'orphaned' then least(t.lease_expires_at, instant.at) end,
           orphaned_at = case when $4 = 'orphaned' then instant.at end,
           orphan_reason = case when $4 = 'orphaned' then $7 end,
           orphan_probes = 0,
           request_key = null,
           agent_id = case when $4 in ('pending', 'scheduled') then null else t.agent_id end,
           execution_mode = case when $4 in ('pending', 'scheduled') and t.assigned_agent_id is null then t.requested_mode else t.execution_mode end,
           mode_decided_by = case when $4 in ('pending', 'scheduled') and t.assigned_agent_id is null and t.execution_mode <> t.requested_mode then 'creator' else t.mode_decided_by end,
           mode_decided_at = case when $4 in ('pending', 'scheduled') and t.assigned_agent_id is null and t.execution_mode <> t.requested_mode then instant.at else t.mode_decided_at end,
           mode_reason = case when $4 in ('pending', 'scheduled') and t.assigned_agent_id is null and t.execution_mode <> t.requested_mode then 'undecided again: ' || $7 else t.mode_reason end,
           position = case when $4 = 'pending' then nextval('task_positions') else t.position end,
           turn = case when $4 = 'pending' then next_turn(t.lane, t.priority, case when t.assigned_agent_id is null then t.requested_mode else t.execution_mode end, t.repository) else t.turn end,
           -- A task that was never started keeps its age, so that a host that cannot be dialled does not hold up phase 2.
           pending_since = case when $6 = 'unclaim' then t.pending_since when $4 = 'pending' then instant.at else t.pending_since end,
           attempt = t.attempt - case when $6 = 'unclaim' then 1 else 0 end,
           forgiven_attempts = t.forgiven_attempts + case when $6 in ('hand_back', 'requeue') then 1 else 0 end,
           run_at = case when $4 = 'scheduled' then instant.at + make_interval(secs => $8) else t.run_at end,
           finished_at = case when $4 in ('failed', 'cancelled') then instant.at end,
           error = case when $4 in ('failed', 'scheduled') then $9::jsonb else t.error end
      from instant
     where t.id = $1 and t.lease_token = $2 and t.status = any($3::text[])
    returning t.*, instant.at as ended_at
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, ended_at, $6, $10, status, execution_mode, $11, attempt, $2, $12, $7 from ended
  )
  select * from ended`

const FIND_SETTLEMENT = /* sql */ `
  select 1 from task_events
   where task_id = $1 and lease_token = $2 and event = any($3::text[]) and actor = $4 and ($5::text is null or agent_id = $5)`

const FIND_CLAIMANT = /* sql */ `
  select agent_id as "agentId" from task_events where task_id = $1 and lease_token = $2 and event = 'claim'`

export interface ClaimIdentity {
  readonly taskId: string
  readonly leaseToken: string
  /** Who must hold it; null or absent: whoever knows the token. */
  readonly agentId?: string | null
}

/** The claimed task as it is under lock; `expired` by the database's clock. */
export interface LockedClaim extends Task {
  readonly expired: boolean
  /** How long nobody has followed its run. */
  readonly orphanedSeconds: number
}

export interface SettleOptions {
  readonly actor: string
  readonly now?: Date | null
  /** Decides on the locked row; null leaves the claim as it is. */
  readonly decide: (task: LockedClaim) => Settlement | null
  /** Fails rather than waits for a lock, and leaves letting in who waits for the task's end to the dispatchers' sweep. */
  readonly impatient?: boolean
}

/**
 * Ends a claim in any way but success. The row is locked by its lease token, `decide` chooses the transition from what
 * is true under the lock, and the update is guarded by token and status once more. Null when the lease is no longer the
 * caller's, or `decide` said to leave it.
 */
export async function settleClaim(
  pool: Pool,
  claim: ClaimIdentity,
  options: SettleOptions,
): Promise<Task | null> {
  const { now = null, impatient = false } = options
  const settle = async (connection: Connection): Promise<TaskRow | null> => {
    const locked = await connection.query<TaskRow & { expired: boolean; orphaned_seconds: number }>({
      name: 'lock_claim',
      text: LOCK_CLAIM,
      values: [claim.taskId, claim.leaseToken, now, claim.agentId ?? null],
    })
    const before = locked.rows[0]
    if (before === undefined) return null
    const settlement = options.decide({
      ...toTask(before),
      expired: before.expired,
      orphanedSeconds: before.orphaned_seconds,
    })
    return settlement === null ? null : endClaim(connection, claim, before, settlement, options)
  }
  const row = await inTransaction(pool, settle, { impatient })
  if (row === null) return null
  const task = toTask(row)
  if (!impatient) await admitAfterEnd(pool, task, now)
  return task
}

async function endClaim(
  connection: Connection,
  claim: ClaimIdentity,
  before: TaskRow,
  settlement: Settlement,
  { actor, now = null }: SettleOptions,
): Promise<TaskRow | null> {
  const { from, to } = TRANSITIONS[settlement.event]
  const error = 'error' in settlement ? settlement.error : null
  const reason = 'reason' in settlement ? settlement.reason : settlement.error.message
  const delaySeconds = 'delaySeconds' in settlement ? settlement.delaySeconds : 0
  const { rows } = await connection.query<TaskRow>({
    name: 'end_claim',
    text: END_CLAIM,
    values: [
      claim.taskId,
      claim.leaseToken,
      from,
      to,
      now,
      settlement.event,
      storableText(reason),
      delaySeconds,
      error === null ? null : storableJson(error),
      before.status,
      before.agent_id,
      actor,
    ],
  })
  return rows[0] ?? null
}

/** Lets in the task that waited for this one's end, if there is one. Who cannot be had is left to the dispatchers' sweep. */
export async function admitAfterEnd(
  pool: Pool,
  { concurrencyKey, finishedAt }: Pick<Task, 'concurrencyKey' | 'finishedAt'>,
  now: Date | null,
): Promise<void> {
  if (concurrencyKey === null || finishedAt === null) return
  try {
    await admitNext(pool, concurrencyKey, now)
  } catch (error) {
    if (!isLockTimeout(error)) throw error
  }
}

/**
 * True when the actor already ended the claim with one of these events: the call is a repetition. Others end claims with the same
 * token, as an expiry does, and theirs is no answer to who worked on it.
 */
export async function wasSettled(
  db: Queryable,
  claim: ClaimIdentity,
  events: readonly string[],
  actor: string,
): Promise<boolean> {
  const { rows } = await db.query({
    name: 'find_settlement',
    text: FIND_SETTLEMENT,
    values: [claim.taskId, claim.leaseToken, events, actor, claim.agentId ?? null],
  })
  return rows.length > 0
}

/** Who once got this lease token for this task, or null when it never was one. */
export async function findClaimant(db: Queryable, claim: ClaimIdentity): Promise<string | null> {
  const { rows } = await db.query<{ agentId: string }>({
    name: 'find_claimant',
    text: FIND_CLAIMANT,
    values: [claim.taskId, claim.leaseToken],
  })
  return rows[0]?.agentId ?? null
}

export const SETTLE_STATEMENTS = {
  lock_claim: LOCK_CLAIM,
  end_claim: END_CLAIM,
  find_settlement: FIND_SETTLEMENT,
  find_claimant: FIND_CLAIMANT,
}
