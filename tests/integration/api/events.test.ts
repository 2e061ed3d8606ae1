import { describe, expect, it } from '@jest/globals'
import { postTask, startTestApi } from '../../support/api.ts'
import { followEvents } from '../../support/follow-events.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi()
const { api } = stack

describe('GET /api/v1/events', () => {
  it('tells what happens from now on', async () => {
    await postTask(api)
    const stream = await followEvents(api, '/api/v1/events')
    await api.untilWaiting()
    const { id } = await postTask(api)
    const received = []
    for (let told = await stream.next(); told !== null; told = await stream.next()) {
      received.push(told)
      if ((told.data as { task_id: string }).task_id === id) break
    }
    expect(received.at(-1)).toMatchObject({
      event: 'created',
      data: { task_id: id, event: 'created', to_status: 'pending', actor: 'admin' },
    })
    expect(received.at(-1)?.id).toBe((received.at(-1)?.data as { cursor: string }).cursor)
    stream.stop()
  })

  it('resumes without a gap and without repetition, by header or by query', async () => {
    const ids: string[] = []
    for (let index = 0; index < 12; index += 1) ids.push((await postTask(api)).id)
    const seen: string[] = []
    let last = '0-0'
    for (const by of ['query', 'header', 'header', 'query'] as const) {
      const stream = await followEvents(
        api,
        by === 'query' ? `/api/v1/events?after=${last}` : '/api/v1/events',
        by === 'header' ? { 'last-event-id': last } : {},
      )
      for (let index = 0; index < 3; index += 1) {
        const told = await stream.next()
        last = told?.id ?? ''
        seen.push(last)
      }
      stream.stop()
    }
    const { rows } = await stack.database.pool.query<{ cursor: string }>(
      `select transaction_id || '-' || id as cursor from task_events order by transaction_id, id limit 12`,
    )
    expect(seen).toEqual(rows.map(({ cursor }) => cursor))
  })

  it('waits for a transaction that began earlier and ends later, rather than passing it by', async () => {
    const { pool } = stack.database
    const early = await pool.connect()
    await early.query('begin')
    await early.query('select pg_current_xact_id()')
    const { id: late } = await postTask(api)
    const stream = await followEvents(api, '/api/v1/events')
    await api.untilWaiting()
    await early.query(
      `insert into task_events (task_id, event, execution_mode, attempt, actor) values ($1, 'due', 'undecided', 0, 'test')`,
      [late],
    )
    await early.query('commit')
    early.release()
    const first = await stream.next()
    const second = await stream.next()
    expect([first?.event, second?.event]).toEqual(['due', 'created'])
    stream.stop()
  })

  it('refuses a cursor that is none', async () => {
    expect((await api.call('GET', '/api/v1/events?after=yesterday')).body['code']).toBe('invalid_request')
  })

  it('ends at a shutdown', async () => {
    const own = await startTestApi(stack.database)
    const stream = await followEvents(own, '/api/v1/events')
    await own.untilWaiting()
    await own.stop()
    expect(await stream.next()).toBeNull()
  }, 20_000)
})
