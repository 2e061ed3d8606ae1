import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import { claimForAgents, countAhead, createScanMemory, createTasks, publishTurns } from '@switchyard/store'
import type { NewTask, Queryable, ScanMemory } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addTask, newTask, settle } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let labels = 0
const newLabel = (): string => `queue-${++labels}`

async function add(
  label: string,
  repository: string | null,
  overrides: Partial<NewTask> = {},
): Promise<string> {
  const source = { ...newTask().source, repository }
  return (await addTask(database.pool, { requires: [label], source, ...overrides })).id
}

async function turnOf(id: string): Promise<number> {
  const { rows } = await database.pool.query<{ turn: number }>('select turn from tasks where id = $1', [id])
  return rows[0]!.turn
}

/** Claims so many, and publishes how far that came. */
async function claim(label: string, count: number, scan: ScanMemory = createScanMemory()): Promise<string[]> {
  const request = { agentId: await addAgent(database.pool), maxConcurrent: null, requestKey: null }
  const results = await claimForAgents(database.pool, {
    labels: [label],
    requests: Array(count).fill(request),
    startSeconds: 30,
    now: at(5),
  })
  const claims = results.flatMap((result) => (result.kind === 'claimed' ? [result.claim] : []))
  const places = await database.pool.query<{
    lane: string
    priority: number
    turn: number
    position: number
  }>('select lane::text, priority, turn, position from tasks where id = any($1)', [
    claims.map(({ task }) => task.id),
  ])
  scan.end([label], { fromBeginning: true, cost: 0, claimed: places.rows, reachedEnd: false }, 0)
  await publishTurns(database.pool, 'pull', scan.takeReached(0))
  return claims.map(({ task }) => task.id)
}

describe('repositories take turns', () => {
  it('so that one with a long backlog does not keep another waiting', async () => {
    const label = newLabel()
    for (let n = 0; n < 40; n++) await add(label, 'owner/large')
    await claim(label, 20)
    const [first, second] = [await add(label, 'owner/small'), await add(label, 'owner/small')]
    const next = await claim(label, 5)
    expect(next.indexOf(first)).toBeGreaterThanOrEqual(0)
    // At most one task of each other repository in the turn that is under way and in its own: two here.
    expect(next.indexOf(first)).toBeLessThanOrEqual(2)
    expect(next.indexOf(second)).toBe(next.indexOf(first) + 2)
  })

  it.each([1, 2, 7])('and a new one comes within two rounds of the %d others', async (others) => {
    const label = newLabel()
    for (let n = 0; n < 15; n++)
      for (let other = 0; other < others; other++) await add(label, `owner/${other}`)
    await claim(label, 5 * others + Math.floor(others / 2))
    const newcomer = await add(label, 'owner/new')
    const next = await claim(label, 2 * others + 1)
    expect(next).toContain(newcomer)
  })

  it('one statement gives each of its tasks a turn of its own', async () => {
    const label = newLabel()
    const { rows } = await database.pool.query<{ turn: number }>(
      `insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_reason, priority,
                          requires, created_by, source, max_attempts, pending_since)
       select gen_random_uuid(), 'title', 'prompt', 'pending', 'undecided', 'undecided', 'creator', 'as requested', 3,
              array[$1], 'test', '{"repository": "owner/many"}', 3, now() from generate_series(1, 3)
       returning turn`,
      [label],
    )
    const [first, ...rest] = rows.map(({ turn }) => turn)
    expect(rest).toEqual([first! + 1, first! + 2])
  })

  it('tasks that come together have the turns that they would have one after the other', async () => {
    const label = newLabel()
    for (let n = 0; n < 6; n++) await add(label, 'owner/large', { requestedMode: 'http_pull' })
    await claim(label, 3)
    const wanted: readonly (readonly [string | null, Partial<NewTask>])[] = [
      ['owner/large', {}],
      ['owner/large', { requestedMode: 'ssh_cli' }],
      ['owner/small', { requestedMode: 'http_pull' }],
      [null, {}],
      ['owner/large', { requestedMode: 'http_pull' }],
      ['owner/small', { requestedMode: 'http_pull' }],
      ['owner/small', { priority: 1 }],
      ['', {}],
      ['owner/large', { runAt: at(60) }],
      ['owner/small', { requestedMode: 'http_pull' }],
    ]
    const tasks = wanted.map(([repository, overrides]) =>
      newTask({ requires: [label], source: { ...newTask().source, repository }, ...overrides }),
    )
    async function turnsOf(connection: Queryable, create: () => Promise<readonly (Task | null)[]>) {
      const ids = (await create()).map((task) => task?.id)
      const { rows } = await connection.query<{ turn: number }>(
        'select turn from unnest($1::uuid[]) with ordinality as asked (id, place) join tasks using (id) order by place',
        [ids],
      )
      return rows.map(({ turn }) => turn)
    }
    const connection = await database.pool.connect()
    await connection.query('begin')
    const together = await turnsOf(connection, () => createTasks(connection, tasks, at(0)))
    await connection.query('rollback')
    const oneByOne = await turnsOf(connection, async () => {
      const created = []
      for (const task of tasks) created.push(...(await createTasks(connection, [task], at(0))))
      return created
    })
    connection.release()
    expect(together).toEqual(oneByOne)
    expect(new Set(together).size).toBeGreaterThan(3)
  })

  it('a task that comes back takes a new turn', async () => {
    const label = newLabel()
    const ids = []
    for (let n = 0; n < 4; n++) ids.push(await add(label, 'owner/one'))
    const request = { agentId: await addAgent(database.pool), maxConcurrent: null, requestKey: null }
    const options = { labels: [label], requests: [request], startSeconds: 30, now: at(5) }
    const [result] = await claimForAgents(database.pool, options)
    if (result?.kind !== 'claimed') throw new Error('not claimed')
    const { task, leaseToken } = result.claim
    await settle(database.pool, { taskId: task.id, leaseToken }, { event: 'unclaim', reason: 'not started' })
    expect(await turnOf(task.id)).toBe((await turnOf(ids[3]!)) + 1)
    expect(await claim(label, 4)).toEqual([ids[1], ids[2], ids[3], ids[0]])
  })

  it('a lane that was empty goes on where the others are', async () => {
    const [busy, idle] = [newLabel(), newLabel()]
    for (let n = 0; n < 30; n++) await add(busy, 'owner/large')
    await claim(busy, 30)
    const late = await add(busy, 'owner/large')
    expect(await turnOf(await add(idle, 'owner/small'))).toBe(await turnOf(late))
  })

  it('what is published late or never costs no task', async () => {
    const label = newLabel()
    const ids = [await add(label, 'owner/a'), await add(label, 'owner/b')]
    const { rows } = await database.pool.query<{ lane: string }>(
      'select lane::text from tasks where id = $1',
      [ids[0]],
    )
    await publishTurns(database.pool, 'pull', [{ lane: rows[0]!.lane, priority: 3, turn: 1_000_000 }])
    await publishTurns(database.pool, 'pull', [{ lane: rows[0]!.lane, priority: 3, turn: 5 }])
    ids.push(await add(label, 'owner/c'))
    expect(await turnOf(ids[2]!)).toBe(1_000_000)
    expect(await claim(label, 4)).toEqual(ids)
  })
})

describe('tasks ahead', () => {
  it('are those before it that everybody may take who may take it', async () => {
    const label = newLabel()
    await add(label, 'owner/a')
    await add(label, 'owner/a')
    await add(label, 'owner/a', { priority: 1 })
    await add(label, 'owner/b', { requires: [label, `special-${label}`] })
    const first = await add(label, 'owner/b')
    expect(await countAhead(database.pool, first)).toBe(2)
    const special = await add(label, 'owner/b', { requires: [label, `special-${label}`] })
    expect(await countAhead(database.pool, special)).toBeGreaterThan(2)
  })
})
