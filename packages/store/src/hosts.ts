import { storableText } from '@switchyard/core'
import type { HostFindings } from '@switchyard/core'
import type { Queryable } from './pool.ts'

/** What an operator says about a host. */
export interface HostDefinition {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** null: the key comes from ssh-agent. */
  readonly privateKeyPath: string | null
  /** The variable of the dispatcher's environment that holds the key's passphrase; null: the key is not encrypted. */
  readonly privateKeyPassphraseVariable: string | null
  /** The variable of the dispatcher's environment that holds the password to log in with instead of a key. */
  readonly passwordVariable: string | null
  /** The host through which this one is reached; null: directly. */
  readonly proxyJump: string | null
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly hostKeySha256: string
  readonly labels: readonly string[]
  readonly maxConcurrent: number
  /** argv; the prompt goes to its standard input. */
  readonly command: readonly string[]
  readonly workdir: string | null
  readonly env: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  readonly paused: boolean
}

/** Of a host that others are reached through, what it takes to dial it. */
export type JumpHost = Pick<
  HostDefinition,
  | 'id'
  | 'address'
  | 'port'
  | 'user'
  | 'privateKeyPath'
  | 'privateKeyPassphraseVariable'
  | 'passwordVariable'
  | 'hostKeySha256'
>

/** A host, and what the dispatchers found out about it. */
export interface Host extends HostDefinition {
  /** The hosts through which it is reached, the nearest to it first. */
  readonly jumpHosts: readonly JumpHost[]
  /** Failed dials in a row. */
  readonly failures: number
  readonly coolingDownUntil: Date | null
  readonly lastError: string | null
  readonly shownHostKeySha256: string | null
  readonly checkedAt: Date | null
  /** What the last check found; null when there was none since the definition changed. */
  readonly lastCheck: HostFindings | null
  /** When that check began. */
  readonly lastCheckAt: Date | null
  /** Why every run would fail there, as the last check found; no task is claimed for it meanwhile. */
  readonly blockedReason: string | null
  readonly lastSeenAt: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Tasks that run on it now. */
  readonly held: number
}

// Those that are named, or a page of all of them.
const READ_HOSTS = /* sql */ `
  select h.id, h.address, h.port, h."user", h.private_key_path as "privateKeyPath", h.host_key_sha256 as "hostKeySha256",
         a.labels, a.max_concurrent as "maxConcurrent", h.command, h.workdir, h.env, h.timeout_seconds as "timeoutSeconds",
         a.paused, h.failures, h.cooling_down_until as "coolingDownUntil", h.last_error as "lastError",
         h.shown_host_key_sha256 as "shownHostKeySha256", h.checked_at as "checkedAt", a.last_seen_at as "lastSeenAt",
         a.created_at as "createdAt", a.updated_at as "updatedAt",
         h.private_key_passphrase_variable as "privateKeyPassphraseVariable", h.password_variable as "passwordVariable",
         h.proxy_jump as "proxyJump", h.last_check as "lastCheck", h.last_check_at as "lastCheckAt",
         h.blocked_reason as "blockedReason",
         (with recursive chain as (
            select j.*, 1 as hop from hosts j where j.id = h.proxy_jump
             union all
            select j.*, chain.hop + 1 from hosts j join chain on j.id = chain.proxy_jump where chain.hop < 16
          )
          select coalesce(jsonb_agg(jsonb_build_object(
                   'id', c.id, 'address', c.address, 'port', c.port, 'user', c."user", 'privateKeyPath', c.private_key_path,
                   'privateKeyPassphraseVariable', c.private_key_passphrase_variable,
                   'passwordVariable', c.password_variable, 'hostKeySha256', c.host_key_sha256) order by c.hop), '[]')
            from chain c) as "jumpHosts",
         (select count(*) from tasks t where t.agent_id = a.id and t.status in ('claimed', 'running', 'orphaned')) as held
    from hosts h join agents a on a.id = h.id
   where h.id = any(coalesce($1::text[], array(
           select id from hosts where $2::text is null or id > $2 order by id limit $3)))
   order by h.id`

// Failures of one outage that arrive together (several runs dialled at once) count once: the first one of a pause wins.
const RECORD_DIAL_FAILURE = /* sql */ `
  update hosts
     set failures = failures + 1,
         cooling_down_until = coalesce($2::timestamptz, now()) + make_interval(secs => $3),
         last_error = $4, shown_host_key_sha256 = coalesce($5, shown_host_key_sha256),
         checked_at = coalesce($2::timestamptz, now())
   where id = $1 and (cooling_down_until is null or cooling_down_until <= coalesce($2::timestamptz, now()))
  returning cooling_down_until as "coolingDownUntil"`

const RECORD_DIAL_SUCCESS = /* sql */ `
  with recovered as (
    update hosts
       set failures = 0, cooling_down_until = null, last_error = null, shown_host_key_sha256 = host_key_sha256,
           checked_at = coalesce($2::timestamptz, now())
     where id = $1
  )
  update agents set last_seen_at = coalesce($2::timestamptz, now()) where id = $1`

/** The host, or null. */
export async function getHost(db: Queryable, id: string): Promise<Host | null> {
  const [host] = await readHosts(db, [id], null, 0)
  return host ?? null
}

/** These hosts, as far as they exist. */
export function findHosts(db: Queryable, ids: readonly string[]): Promise<Host[]> {
  return readHosts(db, ids, null, 0)
}

/** Hosts by id, behind the given one. */
export function listHosts(db: Queryable, afterId: string | null, limit: number): Promise<Host[]> {
  return readHosts(db, null, afterId, limit)
}

async function readHosts(
  db: Queryable,
  ids: readonly string[] | null,
  afterId: string | null,
  limit: number,
): Promise<Host[]> {
  const { rows } = await db.query<Host>({
    name: 'read_hosts',
    text: READ_HOSTS,
    values: [ids, afterId, limit],
  })
  return rows
}

export interface DialFailureRecord {
  readonly hostId: string
  readonly cooldownSeconds: number
  readonly error: string
  /** The key the host showed, when it showed one. */
  readonly shownHostKeySha256: string | null
  readonly now?: Date | null
}

/** Puts a host that could not be dialled into cooldown. Null when it already was: then nothing changes. */
export async function recordDialFailure(db: Queryable, failure: DialFailureRecord): Promise<Date | null> {
  const { rows } = await db.query<{ coolingDownUntil: Date }>({
    name: 'record_dial_failure',
    text: RECORD_DIAL_FAILURE,
    values: [
      failure.hostId,
      failure.now ?? null,
      failure.cooldownSeconds,
      storableText(failure.error),
      failure.shownHostKeySha256,
    ],
  })
  return rows[0]?.coolingDownUntil ?? null
}

/** A dial worked: the host is trusted with all its slots again. */
export async function recordDialSuccess(
  db: Queryable,
  hostId: string,
  now: Date | null = null,
): Promise<void> {
  await db.query({ name: 'record_dial_success', text: RECORD_DIAL_SUCCESS, values: [hostId, now] })
}

export const HOST_STATEMENTS = {
  read_hosts: READ_HOSTS,
  record_dial_failure: RECORD_DIAL_FAILURE,
  record_dial_success: RECORD_DIAL_SUCCESS,
}
