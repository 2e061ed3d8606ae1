import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createPool, migrate } from '@switchyard/store'
import { databaseUrl } from './database-url.ts'
import { startDatabaseServer } from './database-server.ts'
import { GENERATED_FILES } from './generated-files.ts'

/** Rewrites every generated file, with the schema of a database that was made for it. */
async function generate(): Promise<void> {
  const server = await startDatabaseServer()
  const name = `switchyard_generate_${process.pid}`
  const admin = new pg.Client({ connectionString: server.adminUrl })
  try {
    await admin.connect()
    await admin.query(`create database ${name}`)
    const connectionString = databaseUrl(server.adminUrl, name)
    await migrate({ connectionString })
    const pool = createPool({ connectionString, applicationName: 'switchyard-generate' })
    try {
      for (const { path, content } of GENERATED_FILES) {
        const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, await content(pool))
        console.log(`wrote ${path}`)
      }
    } finally {
      await pool.end()
    }
    await admin.query(`drop database ${name} with (force)`)
  } finally {
    await admin.end()
    await server.stop()
  }
}

await generate()
