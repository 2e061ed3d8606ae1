import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inTransaction } from '@switchyard/store'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { dumpSchema } from '../support/dump-schema.ts'
import { GENERATED_FILES } from '../support/generated-files.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('generated files', () => {
  it.each(GENERATED_FILES)('$path is what `npm run generate` writes', async ({ path, content }) => {
    const committed = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
    expect(committed).toBe(await content(database.pool))
  })

  it('the schema can be made again from its dump', async () => {
    const dump = await dumpSchema(database.pool)
    await inTransaction(database.pool, async (connection) => {
      await connection.query('drop schema public cascade; create schema public')
      await connection.query(dump)
      expect(await dumpSchema(connection)).toBe(dump)
    })
  })
})
