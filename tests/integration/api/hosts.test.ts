import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { PRESETS } from '@switchyard/core'
import { recordHostCheck, takeHostChecks } from '@switchyard/store'
import { postAgent, postTask } from '../../support/api.ts'
import type { Body } from '../../support/api.ts'
import { addHost, newFindings } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi({ hostCheckMilliseconds: 30_000 })
const impatient = useTestApi({ hostCheckMilliseconds: 1 })
const { api } = stack

const key = `SHA256:${'A'.repeat(43)}`
const minimal = { address: '127.0.0.1', user: 'agent', host_key_sha256: key, command: ['claude', '-p'] }

describe('PUT /api/v1/hosts/{host_id}', () => {
  it('creates with the defaults, then replaces: what is left out gets its default again', async () => {
    const path = `/api/v1/hosts/host-${randomUUID()}`
    const created = await api.call('PUT', path, {
      ...minimal,
      port: 2222,
      labels: ['GPU'],
      env: { A: 'b' },
      paused: true,
    })
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({
      port: 2222,
      labels: ['gpu'],
      env: { A: 'b' },
      paused: true,
      held: 0,
    })
    const replaced = await api.call('PUT', path, { ...minimal, max_concurrent: 4 })
    expect(replaced.status).toBe(200)
    expect(replaced.body).toMatchObject({
      ...minimal,
      port: 22,
      private_key_path: null,
      labels: [],
      max_concurrent: 4,
      workdir: null,
      env: {},
      timeout_seconds: 3_600,
      paused: false,
      failures: 0,
      cooling_down_until: null,
      last_error: null,
    })
    expect((await api.call('GET', path)).body).toEqual(replaced.body)
  })

  it('takes a jump host, which then cannot be deleted', async () => {
    const gate = await addHost(stack.database.pool)
    const path = `/api/v1/hosts/host-${randomUUID()}`
    const definition = { proxy_jump: gate, password_variable: 'SSH_PASSWORD_BUILD' }
    const created = await api.call('PUT', path, { ...minimal, ...definition })
    expect(created.body).toMatchObject({ ...definition, private_key_passphrase_variable: null })
    const { status, body } = await api.call('DELETE', `/api/v1/hosts/${gate}`)
    expect([status, body['code'], body['behind']]).toEqual([409, 'agent_in_use', 1])
    expect(body['detail']).toContain('1 host(s) are reached through it')
  })

  it('takes the command and the environment from a preset, below its own', async () => {
    const given = { preset: 'codex', env: { OPENAI_API_KEY: 'k', GIT_TERMINAL_PROMPT: '1' } }
    const definition = { ...minimal, command: undefined, ...given }
    const { status, body } = await api.call('PUT', '/api/v1/hosts/by-preset', definition)
    expect([status, body['command'], body['env']]).toEqual([
      201,
      PRESETS.codex.command,
      { ...PRESETS.codex.env, ...given.env },
    ])
  })

  it('is 409 for the id of an agent', async () => {
    const agent = await postAgent(api)
    const { status, body } = await api.call('PUT', `/api/v1/hosts/${agent.id}`, minimal)
    expect([status, body['code']]).toEqual([409, 'agent_exists'])
  })

  it.each<[string, Body]>([
    ['body.address', { address: '' }],
    ['body.address', { address: '-oProxyCommand=x' }],
    ['body.address', { address: 'a b' }],
    ['body.port', { port: 0 }],
    ['body.port', { port: 65_536 }],
    ['body.port', { port: '22' }],
    ['body.user', { user: '-l' }],
    ['body.user', { user: 'a b' }],
    ['body.private_key_path', { private_key_path: '' }],
    ['body.private_key_path', { private_key_path: '/k\u0000' }],
    ['body.private_key_passphrase_variable', { private_key_passphrase_variable: 'DATABASE_URL' }],
    ['body.private_key_passphrase_variable', { private_key_passphrase_variable: 'SSH_PASSPHRASE_A' }],
    ['body.password_variable', { password_variable: 'DATABASE_URL' }],
    ['body.password_variable', { password_variable: 'SSH_PASSWORD_A', private_key_path: '/key' }],
    ['body.proxy_jump', { proxy_jump: 'No Slug' }],
    ['body.proxy_jump', { proxy_jump: 'no-such-host' }],
    ['body.proxy_jump', { proxy_jump: 'refused' }],
    ['body.host_key_sha256', { host_key_sha256: 'MD5:aa:bb' }],
    ['body.host_key_sha256', { host_key_sha256: `${key}=` }],
    ['body.labels.1', { labels: ['ok', ''] }],
    ['body.max_concurrent', { max_concurrent: 0 }],
    ['body.max_concurrent', { max_concurrent: null }],
    ['body.command', { command: [] }],
    ['body.command', { command: 'claude -p' }],
    ['body.command.1', { command: ['claude', 'a\u0000b'] }],
    ['body.command', { command: undefined }],
    ['body.command', { preset: 'claude' }],
    ['body.preset', { command: undefined, preset: 'cloud' }],
    ['body.workdir', { workdir: '' }],
    ['body.env.BAD-NAME', { env: { 'BAD-NAME': 'x' } }],
    ['body.env._sy_run', { env: { _sy_run: 'x' } }],
    ['body.env.A', { env: { A: 5 } }],
    ['body.timeout_seconds', { timeout_seconds: 0 }],
    ['body.timeout_seconds', { timeout_seconds: 8 * 24 * 3_600 }],
    ['body.paused', { paused: 'yes' }],
    ['body.password', { password: 'x' }],
  ])('refuses a bad %s: %j', async (path, change) => {
    const { status, body } = await api.call('PUT', '/api/v1/hosts/refused', { ...minimal, ...change })
    expect(status).toBe(400)
    expect(body['errors']).toEqual([{ path, message: expect.any(String) as unknown }])
    expect((await api.call('GET', '/api/v1/hosts/refused')).body['code']).toBe('host_not_found')
  })

  it('names every field that is missing, and a bad id', async () => {
    const { body } = await api.call('PUT', '/api/v1/hosts/No%20Slug', {})
    expect((body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'params.host_id',
      'body.address',
      'body.user',
      'body.host_key_sha256',
    ])
  })
})

describe('reading and deleting', () => {
  it('lists hosts and no agents, page by page', async () => {
    await postAgent(api)
    await addHost(stack.database.pool)
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await api.call('GET', `/api/v1/hosts?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ids.push(...(page.body['hosts'] as { id: string }[]).map(({ id }) => id))
      cursor = page.body['next_cursor'] as string | null
    }
    const { rows } = await stack.database.pool.query<{ id: string }>('select id from hosts order by id')
    expect(ids).toEqual(rows.map(({ id }) => id))
    expect(ids.length).toBeGreaterThan(1)
  })

  it('is 404 for what is not there, or is an agent', async () => {
    const agent = await postAgent(api)
    for (const id of ['nobody', agent.id]) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/check'],
      ] as const) {
        const { status, body } = await api.call(method, `/api/v1/hosts/${id}${suffix}`)
        expect([status, body['code']]).toEqual([404, 'host_not_found'])
      }
    }
  })

  it('refuses to delete a host that a task is assigned to', async () => {
    const id = await addHost(stack.database.pool)
    const task = await postTask(api)
    await api.call('POST', `/api/v1/tasks/${task.id}/assign`, { agent_id: id })
    const { status, body } = await api.call('DELETE', `/api/v1/hosts/${id}`)
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'agent_in_use', held: 0, assigned: 1 })
  })
})

describe('POST /api/v1/hosts/{host_id}/check', () => {
  it.each([
    [
      { error: null, shownHostKeySha256: `SHA256:${'a'.repeat(43)}` },
      { reachable: true, host_key_matches: true },
    ],
    [
      { error: 'it shows another key', shownHostKeySha256: key },
      { reachable: false, host_key_matches: false, error: 'it shows another key' },
    ],
    [
      { error: 'connection refused', shownHostKeySha256: null },
      { reachable: false, host_key_matches: null, error: 'connection refused' },
    ],
  ])('answers what a dispatcher found: %j', async (found, expected) => {
    const { pool } = stack.database
    const id = await addHost(pool)
    const checking = api.call('POST', `/api/v1/hosts/${id}/check`)
    const taken = await until('a dispatcher is asked', async () => (await takeHostChecks(pool, 1))[0] ?? null)
    expect(taken.hostId).toBe(id)
    const findings = { ...newFindings(), clockSkewSeconds: -7, freeDiskBytes: 5e12, remoteUser: 'agent' }
    const blockedReason = 'no program'
    await recordHostCheck(pool, { ...taken, ...found, cooldownSeconds: 0, found: findings, blockedReason })
    const { status, body } = await checking
    expect(status).toBe(200)
    const last = {
      checked_at: taken.startedAt.toISOString(),
      findings: findings.findings,
      ...{ clock_skew_seconds: -7, free_disk_bytes: 5e12, remote_user: 'agent', remote_system: null },
    }
    expect(body).toEqual({
      ...{ error: null, ...expected },
      checked_at: taken.startedAt.toISOString(),
      shown_host_key_sha256: found.shownHostKeySha256,
      found: last,
    })
    const host = await api.call('GET', `/api/v1/hosts/${id}`)
    expect(host.body).toMatchObject({ last_check: last, blocked_reason: 'no program' })
  })

  it('is 503 with Retry-After when no dispatcher answers', async () => {
    const id = await addHost(impatient.database.pool)
    const { status, headers, body } = await impatient.api.call('POST', `/api/v1/hosts/${id}/check`)
    expect([status, body['code']]).toEqual([503, 'dispatcher_unavailable'])
    expect(headers.get('retry-after')).toBe('10')
  })
})
