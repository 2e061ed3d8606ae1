import { afterAll, beforeAll } from '@jest/globals'
import { startTestApi } from './api.ts'
import type { TestApi, TestApiOptions } from './api.ts'
import { createTestDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

/** The API and its database for the tests of one file; both are there from the first `beforeAll` on. */
export interface TestStack {
  readonly api: TestApi
  readonly database: TestDatabase
}

/** Starts both before the tests of this file and stops them afterwards. */
export function useTestApi(options: TestApiOptions = {}): TestStack {
  let running: TestStack | undefined
  beforeAll(async () => {
    const database = await createTestDatabase()
    running = { database, api: await startTestApi(database, options) }
  })
  afterAll(async () => {
    await running?.api.stop()
    await running?.database.drop()
  })
  const started = (): TestStack => {
    if (running === undefined) throw new Error('the API has not been started yet')
    return running
  }
  const api: TestApi = {
    get url() {
      return started().api.url
    },
    get port() {
      return started().api.port
    },
    call: (...request) => started().api.call(...request),
    untilWaiting: (requests) => started().api.untilWaiting(requests),
    stop: () => started().api.stop(),
  }
  return {
    api,
    get database() {
      return started().database
    },
  }
}
