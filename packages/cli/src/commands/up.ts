import { resolve } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { EXIT_CODES } from '../exit-codes.ts'
import { Failure, SilentExit } from '../failure.ts'
import { PROGRAMS } from '../programs.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'
import { wholeNumber } from './option-values.ts'

const LARGEST_PORT = 65_535

/** `switchyard up`: what `npm start` runs after it has built. */
export function upCommand(world: World) {
  const command = new Command('up')
    .description(
      'Run everything on this machine until Ctrl-C: a private PostgreSQL (or that of DATABASE_URL), the API and the dispatcher.',
    )
    .option(
      '--port <number>',
      'where the API listens (default: PORT, else 8080 or the next free one)',
      wholeNumber(0, LARGEST_PORT),
    )
    .option('--host <address>', 'the address on which it listens (default: HOST, else 127.0.0.1)')
    .option(
      '--data-dir <directory>',
      'where database, secrets and logs are kept (default: SWITCHYARD_DATA_DIR, else .switchyard)',
    )
    .action(async ({ port, host, dataDir }) => {
      const env = {
        ...world.env,
        ...(port === undefined ? {} : { PORT: String(port) }),
        ...(host === undefined ? {} : { HOST: host }),
        ...(dataDir === undefined ? {} : { SWITCHYARD_DATA_DIR: resolve(world.workingDirectory, dataDir) }),
      }
      // Not needed, and slow to load, for every other command.
      const { launch } = await import('@switchyard/launcher')
      const exitCode = await launch({
        env,
        entries: PROGRAMS,
        print: (text) => void world.stdout.write(text),
      }).catch((error: unknown) => {
        throw new Failure('failed', error instanceof Error ? error.message : String(error))
      })
      if (exitCode !== EXIT_CODES.ok.code) throw new SilentExit(exitCode)
    })
  return withExamples(command, 'up', 'up --port 9000', 'up --data-dir /var/lib/switchyard')
}
