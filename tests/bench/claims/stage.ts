import type { Pool } from '@switchyard/store'
import pg from 'pg'
import { startApiProcess, type ApiProcess } from './api-process.ts'
import { startChild, type Child } from '../child-process.ts'
import type { Cleanup } from './cleanup.ts'
import type { DatabaseServer } from './server.ts'

/** Where a measure takes what it needs from; all of it goes when the measure has ended. */
export interface Stage {
  readonly server: DatabaseServer
  /** Says what is being done. */
  readonly tell: (message: string) => void
  database(): Promise<StageDatabase>
  /** An empty database for somebody else's schema. */
  foreignDatabase(): Promise<string>
  /** `flags` are of Node.js. */
  api(database: StageDatabase, flags?: readonly string[]): Promise<ApiProcess>
  /** The generator, or an Express app that does nothing. */
  child(entry: 'load' | 'no-op'): Promise<Child>
  /** Ends something earlier than the others; otherwise it ends with the measure. */
  readonly cleanup: Cleanup
}

export interface StageDatabase {
  readonly url: string
  readonly pool: Pool
}

const MAX_CONNECTIONS = 16

export function createStage(
  server: DatabaseServer,
  cleanup: Cleanup,
  tell: (message: string) => void,
): Stage {
  async function created(migrated: boolean): Promise<string> {
    const url = await server.createDatabase(migrated)
    cleanup.add(() => server.dropDatabase(url))
    return url
  }
  return {
    server,
    tell,
    cleanup,
    foreignDatabase: () => created(false),
    async database() {
      const url = await created(true)
      // Not the store's: making a million tasks takes longer than any statement of the product may.
      const pool = new pg.Pool({ connectionString: url, max: MAX_CONNECTIONS, application_name: 'bench' })
      // The database may be dropped before the server has noticed that a connection ended.
      pool.on('error', () => undefined)
      cleanup.add(() => pool.end())
      return { url, pool }
    },
    async api({ url }, flags = []) {
      const api = await startApiProcess({ databaseUrl: url, directory: server.directory, flags })
      cleanup.add(() => api.stop())
      return api
    },
    async child(entry) {
      const path = new URL(`load/${entry}.process.ts`, import.meta.url)
      const child = await startChild({ entry: path.pathname })
      cleanup.add(() => child.stop())
      return child
    },
  }
}
