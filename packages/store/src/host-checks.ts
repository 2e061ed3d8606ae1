import type { Queryable } from './pool.ts'

const REQUEST_HOST_CHECK = /* sql */ `
  update hosts set check_requested_at = clock_timestamp() where id = $1 returning check_requested_at as "requestedAt"`

// The request is taken by one replica only.
const TAKE_HOST_CHECKS = /* sql */ `
  with requested as materialized (
    select id from hosts where check_requested_at is not null order by check_requested_at limit $1 for update skip locked
  )
  update hosts h set check_requested_at = null from requested where h.id = requested.id returning h.id`

const RECORD_HOST_CHECK = /* sql */ `
  update hosts
     set checked_at = clock_timestamp(), shown_host_key_sha256 = coalesce($3, shown_host_key_sha256),
         last_error = $2,
         failures = case when $2::text is null then 0 else failures end,
         cooling_down_until = case when $2::text is null then null else cooling_down_until end
   where id = $1`

/** Asks the dispatchers to check a host. Null when there is no such host; else the instant a newer check must pass. */
export async function requestHostCheck(db: Queryable, hostId: string): Promise<Date | null> {
  const { rows } = await db.query<{ requestedAt: Date }>({
    name: 'request_host_check',
    text: REQUEST_HOST_CHECK,
    values: [hostId],
  })
  return rows[0]?.requestedAt ?? null
}

/** Takes the open requests; whoever gets an id has to make the check. */
export async function takeHostChecks(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'take_host_checks',
    text: TAKE_HOST_CHECKS,
    values: [limit],
  })
  return rows.map(({ id }) => id)
}

/** Keeps what a check found; one that worked ends the host's cooldown. */
export async function recordHostCheck(
  db: Queryable,
  hostId: string,
  found: { readonly error: string | null; readonly shownHostKeySha256: string | null },
): Promise<void> {
  await db.query({
    name: 'record_host_check',
    text: RECORD_HOST_CHECK,
    values: [hostId, found.error, found.shownHostKeySha256],
  })
}

export const HOST_CHECK_STATEMENTS = {
  request_host_check: REQUEST_HOST_CHECK,
  take_host_checks: TAKE_HOST_CHECKS,
  record_host_check: RECORD_HOST_CHECK,
}
