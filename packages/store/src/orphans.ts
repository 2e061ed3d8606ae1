import { storableText, TRANSITIONS } from '@switchyard/core'
import type { Claim } from '@switchyard/core'
import { toClaim } from './claim-rows.ts'
import type { ClaimRow } from './claim-rows.ts'
import type { Queryable } from './pool.ts'
import type { ClaimIdentity } from './settle-claim.ts'

// Whoever takes an orphan gets a token of its own, so the one of whoever had it before is dead from then on.
const TAKE_ORPHANS = /* sql */ `
  with instant as (select coalesce($1::timestamptz, now()) as at),
  next as materialized (
    select t.id from tasks t
     where t.status = 'orphaned' and t.lease_expires_at <= (select at from instant)
     order by t.lease_expires_at
     limit $3
       for update skip locked
  )
  update tasks t
     set lease_token = gen_random_uuid(), lease_expires_at = instant.at + make_interval(secs => $2)
    from instant
   where t.id = any(array(select id from next))
  returning t.*, extract(epoch from instant.at - coalesce(t.started_at, instant.at))::float8 as ran_seconds`

const ADOPT_ORPHAN = /* sql */ `
  with instant as (select coalesce($4::timestamptz, now()) as at),
  adopted as (
    update tasks t
       set status = $3, lease_expires_at = instant.at + make_interval(secs => $5),
           orphaned_at = null, orphan_reason = null, orphan_probes = 0
      from instant
     where t.id = $1 and t.lease_token = $2 and t.status = any($6::text[])
    returning t.*, instant.at
  ), noted as (
    insert into task_events (task_id, at, event, from_status, to_status, execution_mode, agent_id, attempt, lease_token, actor, reason)
    select id, at, 'adopt', 'orphaned', status, execution_mode, agent_id, attempt, lease_token, $7, 'found on ' || agent_id || ' and followed from byte ' || log_bytes
      from adopted
  )
  select cancel_requested_at is not null as "cancelRequested" from adopted`

const POSTPONE_ORPHAN = /* sql */ `
  update tasks
     set lease_expires_at = coalesce($3::timestamptz, now()) + make_interval(secs => $4), orphan_reason = coalesce($5, orphan_reason),
         orphan_probes = orphan_probes + 1
   where id = $1 and lease_token = $2 and status = any($6::text[])`

/** An orphaned run, and the right to find out about it. */
export interface Orphan {
  readonly claim: Claim
  /** How much of its output is stored. */
  readonly logBytes: number
  /** Where it was started. */
  readonly place: string | null
  /** How often its host was asked in vain. */
  readonly probes: number
  /** How long ago it started, by the database's clock, which may differ from that of whoever looks for it. */
  readonly ranSeconds: number
}

interface OrphanRow extends ClaimRow {
  readonly run_place: string | null
  readonly orphan_probes: number
  readonly ran_seconds: number
}

/**
 * Takes orphaned runs that nobody is looking for at the moment, each for so many seconds and with a lease token of its own.
 * Safe for any number of callers at once.
 */
export async function takeOrphans(
  db: Queryable,
  options: { readonly leaseSeconds: number; readonly limit: number; readonly now?: Date | null },
): Promise<Orphan[]> {
  const { rows } = await db.query<OrphanRow>({
    name: 'take_orphans',
    text: TAKE_ORPHANS,
    values: [options.now ?? null, options.leaseSeconds, options.limit],
  })
  return rows.map((row) => ({
    claim: toClaim(row),
    logBytes: row.log_bytes,
    place: row.run_place,
    probes: row.orphan_probes,
    ranSeconds: row.ran_seconds,
  }))
}

/** The run was found: it is running again, under the lease of whoever took it. Null when that lease is no longer the caller's. */
export async function adoptOrphan(
  db: Queryable,
  orphan: ClaimIdentity,
  options: { readonly leaseSeconds: number; readonly actor: string; readonly now?: Date | null },
): Promise<{ readonly cancelRequested: boolean } | null> {
  const { from, to } = TRANSITIONS.adopt
  const { rows } = await db.query<{ cancelRequested: boolean }>({
    name: 'adopt_orphan',
    text: ADOPT_ORPHAN,
    values: [
      orphan.taskId,
      orphan.leaseToken,
      to,
      options.now ?? null,
      options.leaseSeconds,
      from,
      options.actor,
    ],
  })
  return rows[0] ?? null
}

/** The run could not be asked about: it is taken again after so many seconds. A null reason keeps the one before. */
export async function postponeOrphan(
  db: Queryable,
  orphan: ClaimIdentity,
  options: { readonly seconds: number; readonly reason: string | null; readonly now?: Date | null },
): Promise<void> {
  await db.query({
    name: 'postpone_orphan',
    text: POSTPONE_ORPHAN,
    values: [
      orphan.taskId,
      orphan.leaseToken,
      options.now ?? null,
      options.seconds,
      storableText(options.reason),
      TRANSITIONS.adopt.from,
    ],
  })
}

export const ORPHAN_STATEMENTS = {
  take_orphans: TAKE_ORPHANS,
  adopt_orphan: ADOPT_ORPHAN,
  postpone_orphan: POSTPONE_ORPHAN,
}
