import { DEFAULT_PAGE_SIZE, HOST_DEFAULTS, ROUTES } from '@switchyard/contract'
import { contradictionIn, normalizeLabels, resolveCommand } from '@switchyard/core'
import { deleteAgent, getHost, listHosts, putHost, requestHostCheck } from '@switchyard/store'
import type { Host } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bind, invalidRequest } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { callSignal } from '../http/call-signal.ts'
import { page, agentIdFromCursor } from '../http/cursor.ts'
import { Problem } from '../problem.ts'
import { hostToWire, lastCheckToWire } from '../wire/to-wire.ts'
import { inUse } from './agents.ts'

const LOOK_AGAIN_MILLISECONDS = 250

/** Configuring the hosts of the SSH track. The dispatchers are the ones that reach them. */
export function bindHosts(binding: Binding, context: ApiContext): void {
  const { pool, agents, waker, wakeUps, stopping, hostCheckMilliseconds } = context

  bind(binding, ROUTES.putHost, async ({ params, body }) => {
    const given = { ...HOST_DEFAULTS, ...body }
    const contradiction = contradictionIn(given)
    if (contradiction !== null)
      throw invalidRequest([{ path: `body.${contradiction.key}`, message: contradiction.message }])
    const run = resolveCommand({
      preset: given.preset ?? null,
      command: given.command ?? null,
      env: given.env,
    })
    if (!run.ok) throw invalidRequest([{ path: 'body.command', message: run.message }])
    const outcome = await putHost(pool, {
      id: params.host_id,
      address: given.address,
      port: given.port,
      user: given.user,
      privateKeyPath: given.private_key_path,
      privateKeyPassphraseVariable: given.private_key_passphrase_variable,
      passwordVariable: given.password_variable,
      proxyJump: given.proxy_jump,
      hostKeySha256: given.host_key_sha256,
      labels: normalizeLabels(given.labels),
      maxConcurrent: given.max_concurrent,
      command: run.command,
      workdir: given.workdir,
      env: run.env,
      timeoutSeconds: given.timeout_seconds,
      paused: given.paused,
    })
    agents.forget(params.host_id)
    if (outcome === 'id_taken')
      throw new Problem('agent_exists', `${params.host_id} is the id of an http_pull agent.`)
    if (outcome === 'jump_unknown' || outcome === 'jump_circle') {
      const message =
        outcome === 'jump_unknown'
          ? `names no host that is configured: PUT ${String(given.proxy_jump)} first`
          : `leads in a circle: ${String(given.proxy_jump)} is itself reached through ${params.host_id}`
      throw invalidRequest([{ path: 'body.proxy_jump', message }])
    }
    waker.wake()
    return { status: outcome === 'created' ? 201 : 200, body: hostToWire(await find(params.host_id)) }
  })

  bind(binding, ROUTES.listHosts, async ({ query }) => {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE
    const { items, nextCursor } = page(
      await listHosts(pool, agentIdFromCursor(query.cursor), limit + 1),
      limit,
    )
    return { status: 200, body: { hosts: items.map(hostToWire), next_cursor: nextCursor } }
  })

  bind(binding, ROUTES.getHost, async ({ params }) => ({
    status: 200,
    body: hostToWire(await find(params.host_id)),
  }))

  bind(binding, ROUTES.deleteHost, async ({ params }) => {
    const deleted = await deleteAgent(pool, params.host_id, 'ssh_cli')
    agents.forget(params.host_id)
    switch (deleted.kind) {
      case 'deleted':
        return { status: 204 }
      case 'not_found':
      case 'wrong_mode':
        throw notFound(params.host_id)
      case 'in_use':
        throw inUse(params.host_id, deleted)
    }
  })

  bind(binding, ROUTES.checkHost, async ({ params }, { response }) => {
    const requestedAt = await requestHostCheck(pool, params.host_id)
    if (requestedAt === null) throw notFound(params.host_id)
    waker.wake()
    const over = callSignal(response, stopping)
    const deadline = performance.now() + hostCheckMilliseconds
    while (performance.now() < deadline && !over.aborted) {
      const host = await find(params.host_id)
      const found = lastCheckToWire(host)
      if (found !== null && host.lastCheckAt !== null && host.lastCheckAt >= requestedAt)
        return { status: 200, body: { ...checkOf(host), checked_at: found.checked_at, found } }
      await wakeUps.next(LOOK_AGAIN_MILLISECONDS, over)
    }
    throw new Problem(
      'dispatcher_unavailable',
      stopping.aborted
        ? `The API stops, and no dispatcher has checked ${params.host_id} yet.`
        : `No dispatcher checked ${params.host_id} within ${hostCheckMilliseconds / 1_000} s.`,
      {},
      { 'Retry-After': '10' },
    )
  })

  async function find(id: string): Promise<Host> {
    const host = await getHost(pool, id)
    if (host === null) throw notFound(id)
    return host
  }
}

function checkOf(host: Host) {
  const shown = host.shownHostKeySha256
  return {
    reachable: host.lastError === null,
    host_key_matches: shown === null ? null : shown === host.hostKeySha256,
    shown_host_key_sha256: shown,
    error: host.lastError,
  }
}

function notFound(id: string): Problem {
  return new Problem('host_not_found', `There is no host ${id}.`)
}
