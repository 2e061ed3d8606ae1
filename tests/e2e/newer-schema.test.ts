import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startStack } from '../support/stack.ts'

describe('a database that a newer version has migrated', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  it('is left alone by both services: they say so and do not start', async () => {
    const stack = await startStack({ databaseUrl: database.connectionString })
    try {
      await database.pool.query(
        `insert into schema_migrations (name, run_on) values ('9999_tomorrow', now())`,
      )
      const refusal = /ended \(exit code 1\)[^]*newer than this version of Switchyard: it has 9999_tomorrow/
      await expect(stack.startDispatcher()).rejects.toThrow(refusal)
      await expect(startStack({ databaseUrl: database.connectionString })).rejects.toThrow(refusal)

      // One that runs already goes out of service, for whoever asks before sending it requests.
      const readiness = await fetch(`${stack.urls[0]!}/readyz`)
      expect(readiness.status).toBe(503)
      expect(await readiness.json()).toMatchObject({ reason: expect.stringContaining('9999_tomorrow') })
    } finally {
      await stack.stop()
    }
  })
})
