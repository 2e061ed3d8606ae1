import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, postTask, startTestApi, TOKENS } from '../../support/api.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('stopping', () => {
  it('does not wait for connections on which nothing is asked', async () => {
    const api = await startTestApi(database)
    const silent = connect(api.port, '127.0.0.1')
    await once(silent, 'connect')
    await api.call('GET', '/healthz')
    await Promise.all([once(silent, 'close'), api.stop()])
  }, 20_000)

  it('answers the requests that wait, and then takes no more', async () => {
    const api = await startTestApi(database)
    const agent = await postAgent(api)
    const waiting = [1, 2, 3].map(() => dequeue(api, agent, { wait_seconds: 60 }))
    await api.untilWaiting(3)
    const [answers] = await Promise.all([Promise.all(waiting), api.stop()])
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204])
    await expect(api.call('GET', '/healthz')).rejects.toThrow('fetch failed')
  }, 20_000)

  it('does not wait for the reader of a stream that reads no more', async () => {
    const api = await startTestApi(database)
    const { id } = await postTask(api)
    await database.pool.query(
      `insert into task_logs (task_id, attempt, start_offset, content)
       select $1, 1, piece * 1000000, convert_to(repeat(E'\\n', 1000000), 'UTF8') from generate_series(0, 15) piece`,
      [id],
    )
    const reader = connect(api.port, '127.0.0.1')
    reader.write(
      `GET /api/v1/tasks/${id}/logs?attempt=1 HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${TOKENS.admin}\r\n` +
        'Accept: text/event-stream\r\n\r\n',
    )
    await once(reader, 'data')
    reader.pause()
    await api.stop()
    reader.destroy()
  }, 20_000)
})
