import type { HostDefinition } from './hosts.ts'
import { inTransaction } from './pool.ts'
import type { Pool, Queryable } from './pool.ts'

const UPSERT_HOST_AGENT = /* sql */ `
  insert into agents (id, execution_mode, labels, max_concurrent, paused)
  values ($1, 'ssh_cli', $2, $3, coalesce($4::boolean, false))
  on conflict (id) do update
     set labels = excluded.labels, max_concurrent = excluded.max_concurrent, paused = coalesce($4::boolean, agents.paused), updated_at = now()
   where agents.execution_mode = 'ssh_cli'
  returning (xmax = 0) as created`

// A changed definition is tried at once: what was found out about the old one no longer holds.
const UPSERT_HOST = /* sql */ `
  insert into hosts (id, address, port, "user", private_key_path, host_key_sha256, command, workdir, env,
                     private_key_passphrase_variable, password_variable, proxy_jump, timeout_seconds)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict (id) do update
     set address = excluded.address, port = excluded.port, "user" = excluded."user",
         private_key_path = excluded.private_key_path, host_key_sha256 = excluded.host_key_sha256,
         command = excluded.command, workdir = excluded.workdir, env = excluded.env,
         timeout_seconds = excluded.timeout_seconds,
         private_key_passphrase_variable = excluded.private_key_passphrase_variable,
         password_variable = excluded.password_variable, proxy_jump = excluded.proxy_jump, failures = 0, cooling_down_until = null, last_error = null`

// What a check found holds as long as nothing of this changes. A check that is under way looks at the old definition: its
// result will not be taken (see RECORD_HOST_CHECK), and whoever waits for one gets a new one.
const FORGET_HOST_CHECK = /* sql */ `
  update hosts
     set last_check = null, last_check_at = null, blocked_reason = null, check_started_at = null,
         check_requested_at = case when check_started_at is null then check_requested_at else clock_timestamp() end
   where id = $1
     and (address, port, "user", private_key_path, host_key_sha256, command, workdir, env,
          private_key_passphrase_variable, password_variable, proxy_jump)
         is distinct from ($2, $3::integer, $4, $5, $6, $7::text[], $8, $9::jsonb, $10, $11, $12)`

// Two definitions that together make a circle must not pass each other.
const LOCK_PROXY_JUMPS = /* sql */ `select pg_advisory_xact_lock(hashtext('switchyard proxy_jump'))`

const READ_JUMP_CHAIN = /* sql */ `
  with recursive chain as (
    select id, proxy_jump from hosts where id = $1
     union
    select j.id, j.proxy_jump from hosts j join chain on j.id = chain.proxy_jump
  )
  select id from chain`

/**
 * `id_taken`: an http_pull agent has the id. `jump_unknown`: there is no host with the id of `proxyJump`. `jump_circle`: that
 * one is itself reached through this host. Then nothing has changed.
 */
export type PutHostResult = 'created' | 'replaced' | 'id_taken' | 'jump_unknown' | 'jump_circle'

/** A host as it is to become. `paused: null` leaves a host that is there as paused as it is; a new one is not. */
export type HostToPut = Omit<HostDefinition, 'paused'> & { readonly paused: boolean | null }

/** Creates or replaces a host. */
export function putHost(pool: Pool, host: HostToPut): Promise<PutHostResult> {
  return inTransaction(pool, async (connection) => {
    const refusal = host.proxyJump === null ? null : await refuseJump(connection, host.id, host.proxyJump)
    if (refusal !== null) return refusal
    const { rows } = await connection.query<{ created: boolean }>({
      name: 'upsert_host_agent',
      text: UPSERT_HOST_AGENT,
      values: [host.id, host.labels, host.maxConcurrent, host.paused],
    })
    const agent = rows[0]
    if (agent === undefined) return 'id_taken'
    const checked = valuesThatChecksDependOn(host)
    await connection.query({ name: 'forget_host_check', text: FORGET_HOST_CHECK, values: checked })
    await connection.query({
      name: 'upsert_host',
      text: UPSERT_HOST,
      values: [...checked, host.timeoutSeconds],
    })
    return agent.created ? 'created' : 'replaced'
  })
}

function valuesThatChecksDependOn(host: HostToPut): unknown[] {
  return [
    host.id,
    host.address,
    host.port,
    host.user,
    host.privateKeyPath,
    host.hostKeySha256,
    host.command,
    host.workdir,
    host.env,
    host.privateKeyPassphraseVariable,
    host.passwordVariable,
    host.proxyJump,
  ]
}

async function refuseJump(
  db: Queryable,
  hostId: string,
  jumpId: string,
): Promise<'jump_unknown' | 'jump_circle' | null> {
  await db.query({ name: 'lock_proxy_jumps', text: LOCK_PROXY_JUMPS, values: [] })
  const { rows } = await db.query<{ id: string }>({
    name: 'read_jump_chain',
    text: READ_JUMP_CHAIN,
    values: [jumpId],
  })
  if (jumpId === hostId || rows.some(({ id }) => id === hostId)) return 'jump_circle'
  return rows.length === 0 ? 'jump_unknown' : null
}

export const PUT_HOST_STATEMENTS = {
  upsert_host_agent: UPSERT_HOST_AGENT,
  upsert_host: UPSERT_HOST,
  forget_host_check: FORGET_HOST_CHECK,
  lock_proxy_jumps: LOCK_PROXY_JUMPS,
  read_jump_chain: READ_JUMP_CHAIN,
}
