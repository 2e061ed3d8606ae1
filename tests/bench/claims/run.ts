import { fileURLToPath } from 'node:url'
import { describeMachine } from '../machine.ts'
import { createCleanup } from './cleanup.ts'
import { MEASURES } from './measures/index.ts'
import { readOptions } from './options.ts'
import { installPeers } from './peers.ts'
import { printMeasured } from './print.ts'
import { hasFigures, type Measured, type Report } from './report.ts'
import { runMeasure } from './run-measures.ts'
import { startDatabaseServer } from './server.ts'
import { FULL, QUICK } from './sizes.ts'
import { writeReport } from './write-report.ts'

const DOCUMENTS = fileURLToPath(new URL('../../../docs/bench/', import.meta.url))
const NEEDS_PEERS = ['pairs', 'held-snapshot']

/** `npm run bench`: measures claims against other queues and the limits, and writes docs/bench/claims.md, .json and plots. */
async function main(): Promise<void> {
  const { quick, measures, output } = readOptions(process.argv.slice(2))
  const directory = output ?? (!quick && measures.length === MEASURES.length ? DOCUMENTS : null)
  const begin = performance.now()
  const tell = (message: string): void =>
    console.error(`${String(Math.round((performance.now() - begin) / 1000)).padStart(5)} s  ${message}`)
  const machine = describeMachine()
  const cleanup = createCleanup()
  const over = new AbortController()
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        over.abort()
        reject(new Error(`interrupted by ${signal}`))
      })
    // A connection that breaks where nobody listens must not leave PostgreSQL running.
    process.once('uncaughtException', reject)
  })
  try {
    await Promise.race([measureAll(), interrupted])
  } finally {
    tell('cleaning up')
    await cleanup.run()
  }

  async function measureAll(): Promise<void> {
    if (measures.some(({ name }) => NEEDS_PEERS.includes(name))) {
      tell('installing the other queues')
      await installPeers()
    }
    tell('starting PostgreSQL')
    const server = await startDatabaseServer(cleanup)
    const measured: Measured[] = []
    for (const measure of measures) {
      const one = await runMeasure(measure, { server, sizes: quick ? QUICK : FULL, cleanup, tell })
      // It failed because everything was taken away from it.
      if (over.signal.aborted) return
      printMeasured(one)
      measured.push(one)
      const report: Report = {
        machine,
        postgres: { version: server.version, settings: server.settings },
        sizes: quick ? 'quick' : 'full',
        measures: measured,
      }
      // After each measure, so that nothing is lost when a later one takes the whole run down.
      if (directory !== null) await writeReport(report, directory)
    }
    if (!measured.every(hasFigures)) process.exitCode = 1
  }
}

main().then(
  // What an interrupted measure left waiting would keep the process alive.
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  },
)
