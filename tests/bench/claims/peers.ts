import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startChild } from '../child-process.ts'
import type { Timeline } from './load/timeline.ts'
import type { Stage } from './stage.ts'

/** Whom the project compares itself with. */
export const ONE_AT_A_TIME = 'pg-boss, one at a time'

/** Other queues, and the ways they are used. The names are what tables call them; `perSecond` is a first guess. */
export const PEERS = [
  { name: ONE_AT_A_TIME, entry: 'pg-boss', batch: 1, loops: 1, perSecond: 2_000 },
  { name: 'pg-boss, 64 at a time', entry: 'pg-boss', batch: 1, loops: 64, perSecond: 6_000 },
  { name: 'pg-boss, batches of 50', entry: 'pg-boss', batch: 50, loops: 1, perSecond: 15_000 },
  { name: 'graphile-worker', entry: 'graphile-worker', batch: 500, loops: 24, perSecond: 40_000 },
] as const

export type PeerKind = (typeof PEERS)[number]

export interface Peer {
  readonly name: PeerKind['name']
  /** Of its database. */
  readonly url: string
  readonly perSecond: number
  /** Makes so many jobs. */
  seed(jobs: number): Promise<void>
  /** Does jobs until the time is over, or there is none left. */
  work(seconds: number): Promise<Timeline>
}

const DIRECTORY = fileURLToPath(new URL('../peers/', import.meta.url))
const NODE = `${DIRECTORY}node_modules/node/bin/node`

/**
 * Installs the other queues, and the newer Node.js that they need, into their own folder, as their lock file says. The install script of the
 * package `node` is the one that is needed: it puts the executable in its place.
 */
export async function installPeers(): Promise<void> {
  const run = promisify(execFile)
  await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts=false', '--engine-strict=false'], {
    cwd: DIRECTORY,
  })
  if (!existsSync(NODE)) throw new Error(`${NODE} is missing after npm ci`)
}

/** Starts another queue on an empty database of its own. */
export async function startPeer(
  stage: Stage,
  { name, entry, batch, loops, perSecond }: PeerKind,
): Promise<Peer> {
  const connectionString = await stage.foreignDatabase()
  const child = await startChild({ entry: `${DIRECTORY}${entry}.mjs`, execPath: NODE, execArgv: [] })
  stage.cleanup.add(() => child.stop())
  await child.call('start', { connectionString, batch, loops })
  return {
    name,
    perSecond,
    url: connectionString,
    async seed(jobs) {
      await child.call('seed', jobs)
    },
    work: async (seconds) => (await child.call('work', seconds)) as Timeline,
  }
}
