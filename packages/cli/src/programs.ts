import { fileURLToPath } from 'node:url'

/** Seen from the built form of this file, in a clone and in the package alike. */
const ROOT = new URL('../../../', import.meta.url)

/** What is run as a process of its own. */
export const PROGRAMS = {
  api: fileURLToPath(new URL('services/api/dist/main.js', ROOT)),
  dispatcher: fileURLToPath(new URL('services/dispatcher/dist/main.js', ROOT)),
  migrate: fileURLToPath(new URL('packages/store/dist/main.js', ROOT)),
} as const
