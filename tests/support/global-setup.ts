import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { DatabaseServerMessage } from './database.process.ts'

/**
 * Starts one PostgreSQL for the whole run, with one migrated template database, in a process of its own. That process ends the
 * server when our end of the pipe closes, so that not even a killed run leaves one behind. Workers learn about it from the environment.
 *
 * Jest loads this file as CommonJS, hence no imports of ours but types.
 */
export default async function startDatabase(_: unknown, { rootDir }: { rootDir: string }): Promise<void> {
  if (process.env['SWITCHYARD_TEST_TEMPLATE'] !== undefined) return
  const child = fork(join(rootDir, 'tests', 'support', 'database.process.ts'), {
    cwd: rootDir,
    // The conditions and the loader come from here, not from however Jest was started.
    execArgv: ['--import', 'tsx', '--conditions=@switchyard/source'],
    env: { ...process.env, NODE_OPTIONS: '' },
    // In a session of its own, Ctrl-C does not end it before the tests that use it.
    detached: true,
  })
  const message = await new Promise<DatabaseServerMessage>((resolve, reject) => {
    child.once('message', (received) => resolve(received as DatabaseServerMessage))
    child.once('exit', () => reject(new Error('The test database did not start: see above.')))
  })
  if ('problem' in message) throw new Error(message.problem)
  process.env['SWITCHYARD_TEST_ADMIN_URL'] = message.adminUrl
  process.env['SWITCHYARD_TEST_TEMPLATE'] = message.template
  globalThis.switchyardTestDatabase = child
  // A run that breaks off without its teardown must not be kept alive by this.
  child.unref()
  child.channel?.unref()
}
