import { spawn } from 'node:child_process'
import { Command } from '@commander-js/extra-typings'
import { EXIT_CODES } from '../exit-codes.ts'
import { SilentExit } from '../failure.ts'
import { PROGRAMS } from '../programs.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'

/** `switchyard migrate` */
export function migrateCommand(world: World) {
  const command = new Command('migrate')
    .description(
      'Bring the database of DATABASE_URL (or DATABASE_URL_FILE) up to date. Waits up to a minute for PostgreSQL. `up` does it by itself.',
    )
    .action(async () => {
      // The very program that the image runs for it.
      const child = spawn(process.execPath, [PROGRAMS.migrate], { env: world.env, stdio: 'inherit' })
      // Ctrl-C reaches it by itself.
      process.once('SIGTERM', () => child.kill('SIGTERM'))
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('exit', resolve)
      })
      // It has said why, and ends with 2 when nobody said which database.
      const { ok, usage, failed } = EXIT_CODES
      if (code !== ok.code) throw new SilentExit(code === usage.code ? usage.code : failed.code)
    })
  return withExamples(command, 'migrate')
}
