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
  setHostPaused,
  takeHostChecks,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addHost, newHost } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const failure = { cooldownSeconds: 10, error: 'refused', shownHostKeySha256: null }
const shown = `SHA256:${'b'.repeat(43)}`

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
    const candidates = await listCandidates(database.pool, 'ssh_cli', 100)
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
    expect(taken.flat()).toEqual([hostId])
    await recordHostCheck(database.pool, hostId, { error: 'wrong key', shownHostKeySha256: shown })
    expect(await getHost(database.pool, hostId)).toMatchObject({
      lastError: 'wrong key',
      shownHostKeySha256: shown,
    })
  })

  it('is paused, resumed and deleted', async () => {
    const hostId = await addHost(database.pool)
    expect(await setHostPaused(database.pool, hostId, true)).toBe(true)
    expect(await getHost(database.pool, hostId)).toMatchObject({ paused: true })
    expect(await setHostPaused(database.pool, await addAgent(database.pool), true)).toBe(false)
    expect(await deleteAgent(database.pool, hostId, 'ssh_cli')).toEqual({ kind: 'deleted' })
    expect(await getHost(database.pool, hostId)).toBeNull()
  })
})
