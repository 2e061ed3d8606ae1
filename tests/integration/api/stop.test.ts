import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, startTestApi } from '../../support/api.ts'
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
})
