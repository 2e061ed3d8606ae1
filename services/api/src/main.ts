import { ConfigError, createLifecycle, createLog, stopWhenParentDies } from '@switchyard/platform'
import { NewerSchemaError, OlderSchemaError } from '@switchyard/store'
import { readConfig } from './config.ts'
import { InvalidRulesError, startApi } from './start.ts'

/** The process: configuration, start, and an orderly end. */
async function main(): Promise<void> {
  const { config, warnings } = readConfig(process.env)
  const log = createLog({ level: config.LOG_LEVEL, service: 'api' })
  for (const warning of warnings) log.warn(warning)
  const lifecycle = createLifecycle({
    log,
    graceMilliseconds: config.SWITCHYARD_SHUTDOWN_GRACE_SECONDS * 1_000,
  })
  stopWhenParentDies(lifecycle)
  const api = await startApi(config, { log })
  lifecycle.onShutdown('http server', () => api.stop())
  process.send?.({ listening: api.url })
}

/** Mistakes of whoever starts it: a sentence helps, a stack does not. */
const OPERATOR_MISTAKES = [ConfigError, InvalidRulesError, NewerSchemaError, OlderSchemaError]

function complain(error: unknown): void {
  if (error instanceof Error && OPERATOR_MISTAKES.some((mistake) => error instanceof mistake))
    process.stderr.write(`${error.message}\n`)
  else
    process.stderr.write(
      `The API cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
  process.exitCode = 1
}

main().catch(complain)
