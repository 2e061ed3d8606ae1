import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres, THROWAWAY_SETTINGS } from '@switchyard/launcher'

const IMAGE = 'postgres:18-bookworm'
const PASSWORD = 'switchyard'

/** A real PostgreSQL for one run of the tests. */
export interface DatabaseServer {
  /** A connection string whose user may create databases. */
  readonly adminUrl: string
  /** Whether the server ends with the run, databases and all. */
  readonly throwaway: boolean
  readonly stop: () => Promise<void>
}

/** TEST_DATABASE_URL when it is set; a container when SWITCHYARD_TEST_DATABASE=container asks for one; else the embedded PostgreSQL. */
export async function startDatabaseServer(env: NodeJS.ProcessEnv = process.env): Promise<DatabaseServer> {
  const given = env['TEST_DATABASE_URL'] ?? ''
  if (given !== '') return { adminUrl: given, throwaway: false, stop: () => Promise.resolve() }
  const wanted = env['SWITCHYARD_TEST_DATABASE'] ?? ''
  if (wanted === 'container') return startContainer(env)
  if (wanted === '' || wanted === 'embedded') return startEmbedded()
  throw new Error(`SWITCHYARD_TEST_DATABASE is "${wanted}", expected "embedded" or "container"`)
}

async function startEmbedded(): Promise<DatabaseServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'switchyard-test-'))
  const server = await startEmbeddedPostgres({
    dataDirectory,
    log: () => undefined,
    settings: { ...THROWAWAY_SETTINGS, max_connections: '200' },
  })
  return {
    adminUrl: server.connectionString('postgres'),
    throwaway: true,
    stop: async () => {
      await server.stop()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

async function startContainer(env: NodeJS.ProcessEnv): Promise<DatabaseServer> {
  // This process outlives a killed run and stops the container itself: the reaper container, one more image, is not needed.
  env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  const { GenericContainer, Wait } = await import('testcontainers')
  const settings = Object.entries({ ...THROWAWAY_SETTINGS, max_connections: '200' })
  try {
    const container = await new GenericContainer(IMAGE)
      .withEnvironment({ POSTGRES_PASSWORD: PASSWORD })
      .withCommand(['postgres', ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])])
      .withExposedPorts(5432)
      // The first time, the server of the image's own initialisation says it.
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
      .start()
    const address = `${container.getHost()}:${container.getMappedPort(5432)}`
    return {
      adminUrl: `postgres://postgres:${PASSWORD}@${address}/postgres`,
      throwaway: true,
      stop: async () => {
        await container.stop()
      },
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `SWITCHYARD_TEST_DATABASE=container asks for ${IMAGE} from a container engine: ${reason}`,
      {
        cause: error,
      },
    )
  }
}
