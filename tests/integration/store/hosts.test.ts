import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  deleteAgent,
  getHost,
  listCandidates,
  listHosts,
  putHost,
  recordDialFailure,
  recordDialSuccess,
  recordHostCheck,
  requestHostCheck,
  takeDueHostChecks,
  takeHostChecks,
  updateAgent,
} from '@switchyard/store'
import type { HostCheckRecord } from '@switchyard/store'
import { claimForHost } from '../../support/claim-for-host.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addHost, addTask, newFindings, newHost } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const failure = { cooldownSeconds: 10, error: 'refused', shownHostKeySha256: null }
const shown = `SHA256:${'b'.repeat(43)}`
const findings = newFindings()
const unreached = {
  shownHostKeySha256: null,
  cooldownSeconds: 10,
  found: findings,
  blockedReason: undefined,
}

describe('a host', () => {
  it('is what its definition says, and is replaced as a whole', async () => {
    const host = newHost({
      id: 'build-1',
      labels: ['linux'],
      env: { A: '1' },
      command: ['run', '--x', "it's"],
      workdir: '/srv',
    })
    expect(await putHost(database.pool, host)).toBe('created')
    expect(await getHost(database.pool, 'build-1')).toMatchObject({
      ...host,
      failures: 0,
      coolingDownUntil: null,
      lastError: null,
      held: 0,
    })
    const changed = newHost({ id: 'build-1', labels: [], maxConcurrent: 4, paused: true })
    expect(await putHost(database.pool, changed)).toBe('replaced')
    expect(await getHost(database.pool, 'build-1')).toMatchObject(changed)
    expect((await listHosts(database.pool, null, 10)).map(({ id }) => id)).toEqual(['build-1'])
  })

  it('cannot take the id of an agent', async () => {
    const id = await addAgent(database.pool)
    expect(await putHost(database.pool, newHost({ id }))).toBe('id_taken')
    expect(await getHost(database.pool, id)).toBeNull()
  })

  it('cools down once for failures that come together, and recovers with one dial that works', async () => {
    const hostId = await addHost(database.pool)
    expect(await recordDialFailure(database.pool, { ...failure, hostId, now: at(0) })).toEqual(at(10))
    expect(await recordDialFailure(database.pool, { ...failure, hostId, now: at(1) })).toBeNull()
    expect(
      await recordDialFailure(database.pool, { ...failure, hostId, shownHostKeySha256: shown, now: at(10) }),
    ).toEqual(at(20))
    expect(await getHost(database.pool, hostId)).toMatchObject({
      failures: 2,
      coolingDownUntil: at(20),
      lastError: 'refused',
      shownHostKeySha256: shown,
    })
    const candidates = await listCandidates(database.pool, 100)
    expect(candidates.find(({ agentId }) => agentId === hostId)).toMatchObject({
      coolingDownUntil: at(20),
      lastError: 'refused',
      held: 0,
    })
    await recordDialSuccess(database.pool, hostId, at(21))
    expect(await getHost(database.pool, hostId)).toMatchObject({
      failures: 0,
      coolingDownUntil: null,
      lastError: null,
      lastSeenAt: at(21),
    })
  })

  it('is tried at once after its definition changed', async () => {
    const host = newHost()
    await putHost(database.pool, host)
    await recordDialFailure(database.pool, { ...failure, hostId: host.id, now: at(0) })
    await putHost(database.pool, host)
    expect(await getHost(database.pool, host.id)).toMatchObject({
      failures: 0,
      coolingDownUntil: null,
      lastError: null,
    })
  })

  it('is checked by one replica when that was asked for', async () => {
    const hostId = await addHost(database.pool)
    expect(await requestHostCheck(database.pool, 'nobody')).toBeNull()
    expect(await requestHostCheck(database.pool, hostId)).toBeInstanceOf(Date)
    const taken = await Promise.all([takeHostChecks(database.pool, 10), takeHostChecks(database.pool, 10)])
    expect(taken.flat()).toEqual([{ hostId, startedAt: expect.any(Date) }])
    for (const start of taken.flat()) {
      const record = { ...start, ...unreached, error: 'wrong key', shownHostKeySha256: shown }
      expect(await recordHostCheck(database.pool, record)).toEqual({ coolingDownUntil: expect.any(Date) })
    }
    expect(await getHost(database.pool, hostId)).toMatchObject({
      lastError: 'wrong key',
      shownHostKeySha256: shown,
      failures: 1,
      lastCheck: findings,
      lastCheckAt: taken.flat()[0]?.startedAt,
    })
  })

  it('is checked by one replica when nobody has for long, unless it is paused', async () => {
    const { pool } = database
    await pool.query('delete from agents')
    const hostId = await addHost(pool)
    await addHost(pool, { paused: true })
    const take = () => takeDueHostChecks(pool, { limit: 10, everySeconds: 300 })
    const taken = (await Promise.all([take(), take()])).flat()
    expect(taken.map((start) => start.hostId)).toEqual([hostId])
    expect(await take()).toEqual([])
    for (const start of taken) await recordHostCheck(pool, { ...start, ...unreached, error: null })
    expect(await take()).toEqual([])
    await pool.query(`update hosts set last_check_at = now() - interval '301 seconds' where id = $1`, [
      hostId,
    ])
    expect(await take()).toHaveLength(1)
    // Whoever took it is gone.
    await pool.query(`update hosts set check_started_at = now() - interval '301 seconds' where id = $1`, [
      hostId,
    ])
    expect(await take()).toHaveLength(1)
  })

  it('keeps what the check found that began last, and of the present definition only', async () => {
    const { pool } = database
    const host = newHost()
    await putHost(pool, host)
    async function begin() {
      await requestHostCheck(pool, host.id)
      const [start] = await takeHostChecks(pool, 1)
      if (start === undefined) throw new Error('nothing was taken')
      return start
    }
    const blocked = { ...unreached, error: null, blockedReason: 'no program' }
    const first = await begin()
    await pool.query(
      `update hosts set check_started_at = check_started_at - interval '1 second' where id = $1`,
      [host.id],
    )
    const second = await begin()
    expect(await recordHostCheck(pool, { ...first, startedAt: at(0), ...blocked })).toBeNull()
    expect(await recordHostCheck(pool, { ...second, ...blocked })).toEqual({ coolingDownUntil: null })
    // The same definition again, as at the start of a dispatcher, does not undo what was found.
    await putHost(pool, host)
    expect(await getHost(pool, host.id)).toMatchObject({ blockedReason: 'no program', lastCheck: findings })
    const third = await begin()
    await putHost(pool, { ...host, command: ['another'] })
    expect(await getHost(pool, host.id)).toMatchObject({ blockedReason: null, lastCheck: null })
    expect(await recordHostCheck(pool, { ...third, ...blocked })).toBeNull()
    // Who waits for the result of the third gets a fourth.
    expect(await takeHostChecks(pool, 10)).toMatchObject([{ hostId: host.id }])
  })

  it('is checked whatever it says of itself', async () => {
    const hostId = await addHost(database.pool)
    await requestHostCheck(database.pool, hostId)
    const [taken] = await takeHostChecks(database.pool, 10)
    const odd = 'a\0b\ud83dc'
    await recordHostCheck(database.pool, {
      ...taken!,
      ...{ error: odd, blockedReason: odd, shownHostKeySha256: null, cooldownSeconds: 10 },
      found: { ...newFindings(), remoteUser: odd },
    })
    expect(await getHost(database.pool, hostId)).toMatchObject({
      ...{ lastError: 'ab\ufffdc', blockedReason: 'ab\ufffdc' },
      lastCheck: { remoteUser: 'ab\ufffdc' },
    })
  })

  it('stays blocked while it cannot be reached, and gets tasks again after a good check', async () => {
    const { pool } = database
    const label = 'only-the-blocked-one'
    const hostId = await addHost(pool, { labels: [label] })
    async function check(found: Partial<HostCheckRecord>) {
      await requestHostCheck(pool, hostId)
      for (const start of await takeHostChecks(pool, 10))
        await recordHostCheck(pool, { ...start, ...unreached, cooldownSeconds: 0, error: null, ...found })
    }
    const claim = () => claimForHost(pool, { hostId, dispatcherId: 'd', startSeconds: 30 })
    await addTask(pool, { requires: [label] })
    await check({ blockedReason: 'no program' })
    expect(await claim()).toEqual([])
    await check({ error: 'refused', blockedReason: undefined })
    expect(await getHost(pool, hostId)).toMatchObject({ blockedReason: 'no program', lastError: 'refused' })
    expect(await claim()).toEqual([])
    const candidates = await listCandidates(pool, 100)
    expect(candidates.find(({ agentId }) => agentId === hostId)).toMatchObject({
      blockedReason: 'no program',
    })
    await check({ blockedReason: null })
    expect(await claim()).toHaveLength(1)
  })

  it('is reached through hosts that exist, never in a circle', async () => {
    const { pool } = database
    const [a, b, c] = [newHost({ port: 1001 }), newHost({ port: 1002 }), newHost({ port: 1003 })]
    expect(await putHost(pool, { ...b, proxyJump: a.id })).toBe('jump_unknown')
    expect(await getHost(pool, b.id)).toBeNull()
    expect(await putHost(pool, { ...a, proxyJump: a.id })).toBe('jump_circle')
    await putHost(pool, a)
    await putHost(pool, { ...b, proxyJump: a.id })
    await putHost(pool, { ...c, proxyJump: b.id })
    expect(await putHost(pool, { ...a, proxyJump: c.id })).toBe('jump_circle')
    expect((await getHost(pool, c.id))?.jumpHosts.map(({ port }) => port)).toEqual([1002, 1001])
    expect((await getHost(pool, a.id))?.jumpHosts).toEqual([])
    expect(await deleteAgent(pool, a.id, 'ssh_cli')).toMatchObject({ kind: 'in_use', behind: 1 })
    await putHost(pool, b)
    expect(await deleteAgent(pool, a.id, 'ssh_cli')).toEqual({ kind: 'deleted' })
  })

  it('makes no circle of two definitions that arrive together', async () => {
    const { pool } = database
    const [a, b] = [newHost(), newHost()]
    await putHost(pool, a)
    await putHost(pool, b)
    const results = await Promise.all([
      putHost(pool, { ...a, proxyJump: b.id }),
      putHost(pool, { ...b, proxyJump: a.id }),
    ])
    expect(results.sort()).toEqual(['jump_circle', 'replaced'])
  })

  it('is paused and deleted', async () => {
    const hostId = await addHost(database.pool)
    expect(await updateAgent(database.pool, hostId, { paused: true })).toBe(true)
    expect(await getHost(database.pool, hostId)).toMatchObject({ paused: true })
    expect(await deleteAgent(database.pool, hostId, 'ssh_cli')).toEqual({ kind: 'deleted' })
    expect(await getHost(database.pool, hostId)).toBeNull()
  })
})
