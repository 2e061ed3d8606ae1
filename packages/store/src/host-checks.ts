import { storableJson, storableText } from '@switchyard/core'
import type { HostFindings } from '@switchyard/core'
import type { Queryable } from './pool.ts'

const REQUEST_HOST_CHECK = /* sql */ `
  update hosts set check_requested_at = clock_timestamp() where id = $1 returning check_requested_at as "requestedAt"`

// The request is taken by one replica only. It is not kept waiting by a check that is under way, which may have seen the host
// before its operator mended it: that one's result will not be taken.
const TAKE_HOST_CHECKS = /* sql */ `
  with requested as materialized (
    select id from hosts where check_requested_at is not null order by check_requested_at limit $1 for update skip locked
  )
  update hosts h
     set check_requested_at = null, check_started_at = date_trunc('milliseconds', clock_timestamp())
    from requested where h.id = requested.id
  returning h.id as "hostId", h.check_started_at as "startedAt"`

// Whoever began a check and has not recorded it within $3 seconds will not.
const TAKE_DUE_HOST_CHECKS = /* sql */ `
  with due as materialized (
    select h.id from hosts h join agents a on a.id = h.id
     where not a.paused and h.check_requested_at is null
       and (h.last_check_at is null or h.last_check_at <= clock_timestamp() - make_interval(secs => $2))
       and (h.check_started_at is null or h.check_started_at <= clock_timestamp() - make_interval(secs => $3))
     order by h.last_check_at nulls first, h.id limit $1 for update of h skip locked
  )
  update hosts h set check_started_at = date_trunc('milliseconds', clock_timestamp()) from due where h.id = due.id
  returning h.id as "hostId", h.check_started_at as "startedAt"`

// Only the check that began last counts, and none that began before the definition changed. A failure in a pause does not make
// it longer, as with dials. What a check could not look at ($8 false) stays as it was last found.
const RECORD_HOST_CHECK = /* sql */ `
  update hosts
     set checked_at = clock_timestamp(), shown_host_key_sha256 = coalesce($4, shown_host_key_sha256),
         last_error = $3,
         failures = case
           when $3::text is null then 0
           when cooling_down_until > clock_timestamp() then failures
           else failures + 1 end,
         cooling_down_until = case
           when $3::text is null then null
           when cooling_down_until > clock_timestamp() then cooling_down_until
           else clock_timestamp() + make_interval(secs => $5) end,
         last_check = $6::jsonb, last_check_at = check_started_at, check_started_at = null,
         blocked_reason = case when $8::boolean then $7 else blocked_reason end
   where id = $1 and check_started_at = $2::timestamptz
  returning cooling_down_until as "coolingDownUntil"`

/** How long a check may take before somebody else may make it. */
const ABANDONED_AFTER_SECONDS = 300

/** Asks the dispatchers to check a host. Null when there is no such host; else the instant a newer check must pass. */
export async function requestHostCheck(db: Queryable, hostId: string): Promise<Date | null> {
  const { rows } = await db.query<{ requestedAt: Date }>({
    name: 'request_host_check',
    text: REQUEST_HOST_CHECK,
    values: [hostId],
  })
  return rows[0]?.requestedAt ?? null
}

/** A check that has begun. The start is its name, too: it has to be said when its result is recorded. */
export interface HostCheckStart {
  readonly hostId: string
  readonly startedAt: Date
}

/** Takes the open requests; whoever gets one has to make the check. */
export async function takeHostChecks(db: Queryable, limit: number): Promise<HostCheckStart[]> {
  const { rows } = await db.query<HostCheckStart>({
    name: 'take_host_checks',
    text: TAKE_HOST_CHECKS,
    values: [limit],
  })
  return rows
}

/** Takes hosts that nobody has checked for so long; paused ones, and those that somebody is checking, are left alone. */
export async function takeDueHostChecks(
  db: Queryable,
  { limit, everySeconds }: { readonly limit: number; readonly everySeconds: number },
): Promise<HostCheckStart[]> {
  const { rows } = await db.query<HostCheckStart>({
    name: 'take_due_host_checks',
    text: TAKE_DUE_HOST_CHECKS,
    values: [limit, everySeconds, ABANDONED_AFTER_SECONDS],
  })
  return rows
}

export interface HostCheckRecord extends HostCheckStart {
  /** Why the host cannot be used at all; null when it could be reached. */
  readonly error: string | null
  readonly shownHostKeySha256: string | null
  /** How long a host with an error is left alone. */
  readonly cooldownSeconds: number
  readonly found: HostFindings
  /** Why every run would fail there; undefined when that could not be looked at. */
  readonly blockedReason: string | null | undefined
}

/**
 * Keeps what a check found; one that worked ends the host's cooldown, one that did not begins one. Returns null when a later
 * check has begun or the definition changed meanwhile: then nothing is kept.
 */
export async function recordHostCheck(
  db: Queryable,
  check: HostCheckRecord,
): Promise<{ readonly coolingDownUntil: Date | null } | null> {
  const { rows } = await db.query<{ coolingDownUntil: Date | null }>({
    name: 'record_host_check',
    text: RECORD_HOST_CHECK,
    values: [
      check.hostId,
      check.startedAt,
      storableText(check.error),
      check.shownHostKeySha256,
      check.cooldownSeconds,
      storableJson(check.found),
      storableText(check.blockedReason ?? null),
      check.blockedReason !== undefined,
    ],
  })
  return rows[0] ?? null
}

export const HOST_CHECK_STATEMENTS = {
  request_host_check: REQUEST_HOST_CHECK,
  take_host_checks: TAKE_HOST_CHECKS,
  take_due_host_checks: TAKE_DUE_HOST_CHECKS,
  record_host_check: RECORD_HOST_CHECK,
}
