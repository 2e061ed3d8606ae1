import { describe, expect, it } from '@jest/globals'
import { createTestDatabase } from '../support/database.ts'

const TABLES = `select count(*) as count from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`

describe('createTestDatabase', () => {
  it('gives every caller a migrated database of its own, several at once too', async () => {
    const databases = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()])
    try {
      expect(new Set(databases.map(({ connectionString }) => connectionString)).size).toBe(3)
      await databases[0].pool.query('create table only_here (n int)')
      const counts: number[] = []
      for (const { pool } of databases)
        counts.push((await pool.query<{ count: number }>(TABLES)).rows[0]?.count ?? 0)
      expect(counts[1]).toBeGreaterThan(1)
      expect(counts).toEqual([Number(counts[1]) + 1, counts[1], counts[1]])
    } finally {
      await Promise.all(databases.map((database) => database.drop()))
    }
  })

  it('removes the database when it is dropped, whoever is connected', async () => {
    const database = await createTestDatabase()
    const other = await createTestDatabase()
    const name = new URL(database.connectionString).pathname.slice(1)
    const exists = () => other.pool.query('select 1 from pg_database where datname = $1', [name])
    try {
      expect((await exists()).rowCount).toBe(1)
      await database.drop()
      expect((await exists()).rowCount).toBe(0)
    } finally {
      await other.drop()
    }
  })
})
