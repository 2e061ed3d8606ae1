import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createAgentDirectory } from '@switchyard/api'
import { deleteAgent, replaceAgentToken, updateAgent } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { addAgent } from '../../support/task-factory.ts'
import { untilBlocked } from '../../support/until-blocked.ts'
import { until } from '../../support/until.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const newHash = (): Buffer => createHash('sha256').update(randomUUID()).digest()

describe('what a process knows of an agent', () => {
  it('is a second old at most, whoever changed it', async () => {
    let now = 5_000
    const agents = createAgentDirectory(database.pool, () => now)
    const [hash, next] = [newHash(), newHash()]
    const id = await addAgent(database.pool, { tokenHash: hash, labels: ['old'] })
    expect(await agents.byTokenDigest(hash.toString('base64'))).toMatchObject({
      id,
      labels: ['old'],
      paused: false,
    })

    await updateAgent(database.pool, id, { labels: ['new'], paused: true })
    await replaceAgentToken(database.pool, id, next)
    now += 999
    expect(await agents.byTokenDigest(hash.toString('base64'))).toMatchObject({ labels: ['old'] })
    expect(await agents.byId(id)).toMatchObject({ labels: ['old'] })
    now += 1
    expect(await agents.byTokenDigest(hash.toString('base64'))).toBeNull()
    expect(await agents.byTokenDigest(next.toString('base64'))).toMatchObject({
      id,
      labels: ['new'],
      paused: true,
    })
    // The new token is known now, and the old one stays dead within the second as well.
    expect(await agents.byTokenDigest(hash.toString('base64'))).toBeNull()

    await deleteAgent(database.pool, id, 'http_pull')
    now += 1_000
    expect(await agents.byId(id)).toBeNull()
    expect(await agents.byTokenDigest(next.toString('base64'))).toBeNull()
  })

  it('is read again at once after a change of its own', async () => {
    const agents = createAgentDirectory(database.pool, () => 0)
    const [hash, next] = [newHash(), newHash()]
    const id = await addAgent(database.pool, { tokenHash: hash })
    expect(await agents.byTokenDigest(hash.toString('base64'))).toMatchObject({ id, paused: false })
    await replaceAgentToken(database.pool, id, next)
    agents.forget(id)
    expect(await agents.byTokenDigest(hash.toString('base64'))).toBeNull()
    expect(await agents.byTokenDigest(next.toString('base64'))).toMatchObject({ id })
  })

  it('is not believed when it was read while the process changed it', async () => {
    const agents = createAgentDirectory(database.pool, () => 0)
    const hash = newHash()
    const id = await addAgent(database.pool, { tokenHash: hash })
    const locker = await database.pool.connect()
    await locker.query('begin')
    await locker.query('lock table agents in access exclusive mode')
    const { rows } = await locker.query<{ pid: number }>('select pg_backend_pid() as pid')
    const asking = agents.byTokenDigest(hash.toString('base64'))
    const blocked = await until('the lookup is blocked', async () => {
      const found = await database.pool.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return found.rows[0]?.pid
    })
    await untilBlocked(database.pool, blocked, rows[0]?.pid ?? 0)
    agents.forget(id)
    await locker.query('rollback')
    locker.release()
    expect(await asking).toMatchObject({ paused: false })
    await updateAgent(database.pool, id, { paused: true })
    expect(await agents.byTokenDigest(hash.toString('base64'))).toMatchObject({ paused: true })
  })

  it('costs one statement for all who ask at the same moment, and each hears of its own', async () => {
    let statements = 0
    const counted = new Proxy(database.pool, {
      get(pool, name, receiver) {
        if (name === 'query') statements += 1
        return Reflect.get(pool, name, receiver) as unknown
      },
    })
    const agents = createAgentDirectory(counted, () => 0)
    const ids = await Promise.all(Array.from({ length: 20 }, () => addAgent(database.pool)))
    const found = await Promise.all([...ids, 'nobody'].map((id) => agents.byId(id)))
    expect(found.map((agent) => agent?.id ?? null)).toEqual([...ids, null])
    expect(statements).toBe(1)
  })
})
