import { describe, expect, it } from '@jest/globals'
import { dequeued } from '../../support/api.ts'
import type { Answer, Body, Held } from '../../support/api.ts'
import { blockedBackends, closeEvents } from '../../support/blocked-api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

function say(held: Held, what: string, body: Body = {}): Promise<Answer> {
  const claim = { lease_token: held.lease.token, ...body }
  return api.call('POST', `/api/v1/tasks/${held.task.id}/${what}`, claim, { token: held.agent.token })
}

async function heldTasks(count: number): Promise<Held[]> {
  return Promise.all(Array.from({ length: count }, () => dequeued(api)))
}

async function endings(held: Held): Promise<unknown[]> {
  const { body } = await api.call('GET', `/api/v1/tasks/${held.task.id}/events`)
  return (body['events'] as { event: string }[])
    .map(({ event }) => event)
    .filter((event) => event === 'succeed')
}

/**
 * Sends the requests so that they meet in one batch: as many as may be under way are made to wait in the database, one alone
 * each, and what comes meanwhile is collected.
 */
async function together(held: readonly Held[], ask: (held: Held, index: number) => Promise<Answer>) {
  const firsts = await heldTasks(2)
  const openEvents = await closeEvents(stack.database.pool)
  const waiting: Promise<Answer>[] = []
  for (const first of firsts) {
    waiting.push(ask(first, 0))
    await until(
      'a batch waits',
      async () => (await blockedBackends(stack.database.pool)).length === waiting.length,
    )
  }
  return { waiting, answers: held.map(ask), openEvents }
}

describe('what many holders say at the same moment', () => {
  it('is answered to each as if it were alone, and one bad request fails alone', async () => {
    const held = await heldTasks(6)
    const results = [
      { summary: 'one' },
      { summary: 'a NUL \u0000' },
      { summary: 'three' },
      {},
      {},
      { summary: 'six' },
    ]
    const { answers, openEvents, waiting } = await together(held, (each, index) =>
      say(each, 'complete', { result: results[index] }),
    )
    await openEvents()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 400, 200, 200, 200, 200])
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
    expect((await Promise.all(held.map(endings))).map(({ length }) => length)).toEqual([1, 0, 1, 1, 1, 1])
  })

  it('waits for nobody else’s row', async () => {
    const [slow, ...others] = await heldTasks(4)
    const locker = await stack.database.pool.connect()
    await locker.query('begin')
    await locker.query('select 1 from tasks where id = $1 for update', [slow?.task.id])
    const late = say(slow!, 'heartbeat')
    const answers = await Promise.all(others.map((each) => say(each, 'heartbeat')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    await until(
      'the heartbeat of the locked one waits',
      async () => (await blockedBackends(stack.database.pool)).length === 1,
    )
    await locker.query('rollback')
    locker.release()
    expect((await late).body).toMatchObject({ directive: 'continue' })
  })

  it('is done once and in order when the same holder says two things', async () => {
    const [held] = await heldTasks(1)
    const pieces = ['one ', 'two ', 'three ']
    let offset = 0
    const appended = pieces.map((text) => {
      const answer = say(held!, 'logs', { offset, text })
      offset += text.length
      return answer
    })
    const twice = [say(held!, 'heartbeat'), say(held!, 'heartbeat')]
    for (const answer of await Promise.all(twice)) expect(answer.status).toBe(200)
    // They may overtake one another on the way, and who came too early is told where to go on.
    for (const { status } of await Promise.all(appended)) expect([200, 416]).toContain(status)
    const both = await Promise.all([say(held!, 'complete'), say(held!, 'complete')])
    expect(both.map(({ status, body }) => [status, body['status']])).toEqual([
      [200, 'succeeded'],
      [200, 'succeeded'],
    ])
    expect(await endings(held!)).toHaveLength(1)
  })

  it.each(['complete', 'heartbeat', 'logs'])(
    'is told to each when the connection is cut in the middle of a %s, and can be said again',
    async (what) => {
      const body = what === 'logs' ? { offset: 0, text: 'line\n' } : {}
      const held = await heldTasks(5)
      const { answers, waiting, openEvents } = await together(held, (each) => say(each, what, body))
      const killed = await blockedBackends(stack.database.pool)
      await stack.database.pool.query('select pg_terminate_backend(pid) from unnest($1::integer[]) as pid', [
        killed,
      ])
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503])
      // The batch that was collected goes over other connections, and is cut as well.
      const again = await until('the collected batch waits', async () => {
        const blocked = await blockedBackends(stack.database.pool)
        return blocked.length > 0 ? blocked : null
      })
      await stack.database.pool.query('select pg_terminate_backend(pid) from unnest($1::integer[]) as pid', [
        again,
      ])
      const cut = await Promise.all(answers)
      expect(cut.map(({ status }) => status)).toEqual(held.map(() => 503))
      for (const { headers } of cut) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      await openEvents()
      for (const each of held) {
        const { body: task } = await api.call('GET', `/api/v1/tasks/${each.task.id}`)
        expect(task).toMatchObject({ status: 'claimed', agent_id: each.agent.id })
      }
      const repeated = await Promise.all(held.map((each) => say(each, what, body)))
      expect(repeated.map(({ status }) => status)).toEqual(held.map(() => 200))
    },
  )
})
