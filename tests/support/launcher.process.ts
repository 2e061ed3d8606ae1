import { fileURLToPath } from 'node:url'
import { launch } from '@switchyard/launcher'

/** The launcher with stubs for services, as a process that a test can signal and kill. */
const stub = fileURLToPath(new URL('stub-service.mjs', import.meta.url))
process.exitCode = await launch({
  env: process.env,
  entries: { api: stub, dispatcher: stub },
  print: (text) => void process.stdout.write(text),
}).catch((error: unknown) => {
  process.stdout.write(`${String(error)}\n`)
  return 1
})
