import { fileURLToPath } from 'node:url'
import { launch } from './launch.ts'

const ROOT = new URL('../../../', import.meta.url)

/** `npm start` after the build. Ends by itself, with the exit code set, when everything has stopped. */
async function main(): Promise<void> {
  try {
    process.exitCode = await launch({
      env: process.env,
      entries: {
        api: fileURLToPath(new URL('services/api/dist/main.js', ROOT)),
        dispatcher: fileURLToPath(new URL('services/dispatcher/dist/main.js', ROOT)),
      },
      print: (text) => void process.stdout.write(text),
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

await main()
