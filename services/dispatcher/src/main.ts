import { ConfigError, createLifecycle, createLog, stopWhenParentDies } from '@switchyard/platform'
import { NewerSchemaError, OlderSchemaError } from '@switchyard/store'
import { readConfig } from './config.ts'
import { startDispatcher } from './dispatcher.ts'
import { HostsFileError } from './hosts-file.ts'

/** Mistakes of whoever starts it: a sentence helps, a stack does not. */
function isOperatorMistake(error: unknown): error is Error {
  return [ConfigError, HostsFileError, NewerSchemaError, OlderSchemaError].some(
    (mistake) => error instanceof mistake,
  )
}

async function main(): Promise<void> {
  const { config, warnings } = readConfig(process.env)
  const log = createLog({ level: config.LOG_LEVEL, service: 'dispatcher' })
  for (const warning of warnings) log.warn(warning)
  const lifecycle = createLifecycle({
    log,
    graceMilliseconds: config.SWITCHYARD_SHUTDOWN_GRACE_SECONDS * 1000,
  })
  stopWhenParentDies(lifecycle)
  const starting = startDispatcher(config, process.env, { log, signal: lifecycle.signal })
  // Registered before it has started: it may be asked to end while it still waits for the database.
  lifecycle.onShutdown('dispatcher', async () => {
    const dispatcher = await starting.catch(() => null)
    await dispatcher?.stop()
  })
  try {
    await starting
  } catch (error) {
    if (!isOperatorMistake(error)) throw error
    log.fatal(error.message)
    lifecycle.stop('it cannot start like this', 1)
  }
}

try {
  await main()
} catch (error) {
  if (!isOperatorMistake(error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
