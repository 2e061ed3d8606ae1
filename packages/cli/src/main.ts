import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { run } from './run.ts'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Who reads our output may go away, as `head` does: then there is nobody to write for. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  workingDirectory: process.cwd(),
  homeDirectory: homedir(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => Date.now(),
  version: manifest.version,
})
