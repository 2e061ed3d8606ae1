import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  deleteAgent,
  findAgents,
  findAgentsByTokenHashes,
  getAgent,
  listAgents,
  registerAgent,
  markAgentsSeen,
  replaceAgentToken,
  updateAgent,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addHost, claimedTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const token = (text: string): Buffer => Buffer.from(text.padEnd(32, '.'))

describe('an agent', () => {
  it('is registered once, under an id that no host has', async () => {
    const agent = {
      id: 'ada',
      description: 'compiles',
      labels: ['linux'],
      maxConcurrent: 2,
      tokenHash: token('ada'),
    }
    expect(await registerAgent(database.pool, agent)).toBe(true)
    expect(await registerAgent(database.pool, { ...agent, tokenHash: token('other') })).toBe(false)
    expect(
      await registerAgent(database.pool, {
        ...agent,
        id: await addHost(database.pool),
        tokenHash: token('host'),
      }),
    ).toBe(false)
    expect(await getAgent(database.pool, 'ada')).toMatchObject({
      executionMode: 'http_pull',
      description: 'compiles',
      labels: ['linux'],
      maxConcurrent: 2,
      paused: false,
      held: 0,
      lastSeenAt: null,
    })
    expect(await getAgent(database.pool, 'nobody')).toBeNull()
  })

  it('is known by its token and by its id, among others', async () => {
    const id = await addAgent(database.pool, { tokenHash: token('known') })
    const other = await addAgent(database.pool, { tokenHash: token('other') })
    const hostId = await addHost(database.pool)
    const holders = async (...names: string[]): Promise<string[]> =>
      (await findAgentsByTokenHashes(database.pool, names.map(token))).map((agent) => agent.id).sort()
    expect(await holders('known', 'unknown', 'other')).toEqual([id, other].sort())
    expect(await findAgents(database.pool, [hostId, 'nobody'])).toMatchObject([
      { id: hostId, executionMode: 'ssh_cli', tokenHash: null },
    ])
    expect(await replaceAgentToken(database.pool, id, token('new'))).toBe(true)
    expect(await holders('known')).toEqual([])
    expect(await holders('new')).toEqual([id])
    expect(await replaceAgentToken(database.pool, hostId, token('host'))).toBe(false)
  })

  it('is noted as seen, and a row that somebody holds is left out instead of waited for', async () => {
    const id = await addAgent(database.pool)
    const held = await addAgent(database.pool)
    const holder = await database.pool.connect()
    await holder.query('begin')
    await holder.query('select 1 from agents where id = $1 for no key update', [held])
    await markAgentsSeen(database.pool, [held, id])
    await holder.query('rollback')
    holder.release()
    const [seen] = await findAgents(database.pool, [id])
    expect(seen).toMatchObject({ paused: false, seenLongAgo: false })
    expect((await getAgent(database.pool, id))?.lastSeenAt).toBeInstanceOf(Date)
    expect((await getAgent(database.pool, held))?.lastSeenAt).toBeNull()
  })

  it('changes what is given and keeps the rest', async () => {
    const id = await addAgent(database.pool, { labels: ['a'], maxConcurrent: 3 })
    await updateAgent(database.pool, id, { paused: true })
    expect(await getAgent(database.pool, id)).toMatchObject({ paused: true, labels: ['a'], maxConcurrent: 3 })
    await updateAgent(database.pool, id, { labels: [], maxConcurrent: null, description: 'new' })
    expect(await getAgent(database.pool, id)).toMatchObject({
      paused: true,
      labels: [],
      maxConcurrent: null,
      description: 'new',
    })
    expect(await updateAgent(database.pool, 'nobody', { paused: true })).toBe(false)
  })

  it('is listed by id, page by page', async () => {
    for (const id of ['list-a', 'list-b', 'list-c']) await addAgent(database.pool, { id })
    const page = await listAgents(database.pool, 'list-a', 2)
    expect(page.map(({ id }) => id)).toEqual(['list-b', 'list-c'])
  })

  it('is deleted when no unfinished task needs it', async () => {
    const held = await claimedTask(database.pool)
    expect(await getAgent(database.pool, held.agentId)).toMatchObject({ held: 1 })
    expect(await deleteAgent(database.pool, held.agentId, 'ssh_cli')).toEqual({ kind: 'wrong_mode' })
    expect(await deleteAgent(database.pool, held.agentId, 'http_pull')).toEqual({
      kind: 'in_use',
      held: 1,
      assigned: 0,
      behind: 0,
    })
    await settle(database.pool, held, { event: 'unclaim', reason: 'not started' }, at(1))
    expect(await deleteAgent(database.pool, held.agentId, 'http_pull')).toEqual({ kind: 'deleted' })
    expect(await deleteAgent(database.pool, held.agentId, 'http_pull')).toEqual({ kind: 'not_found' })
  })
})
