import type { ChildProcess } from 'node:child_process'

declare global {
  /** The process that keeps the test database, between global setup and teardown. */
  var switchyardTestDatabase: ChildProcess | undefined
}

/** Closes the pipe to the process that keeps the test database, and waits until it has cleaned up. */
export default async function stopDatabase(): Promise<void> {
  const child = globalThis.switchyardTestDatabase
  if (child?.connected !== true) return
  child.ref()
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await exited
}
