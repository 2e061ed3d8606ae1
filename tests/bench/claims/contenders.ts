import type { Child } from '../child-process.ts'
import type { ApiProcess } from './api-process.ts'
import type { NoOpRequest } from './load/no-op.process.ts'
import type { PairsRequest } from './load/pairs.ts'
import type { Timeline } from './load/timeline.ts'
import type { LoadAgent } from './load/work-loop.ts'
import { startNoOp } from './no-op.ts'
import type { Peer } from './peers.ts'
import { processesBehind, processesBehindExpress, type Processes } from './processor-time.ts'
import { createBareQueue, fillBareQueue, workBareQueue } from './reference.ts'
import { seedTasks } from './seed-tasks.ts'
import type { Stage } from './stage.ts'

/** Somebody who takes and completes tasks. */
export interface Contender {
  readonly name: string
  /** A guess; a run that has done all its tasks is just shorter, and the next gets more. */
  readonly perSecond: number
  /** Makes so many tasks. */
  prepare(tasks: number): Promise<void>
  /** Works for so long, or until there is no task left. */
  work(seconds: number): Promise<Timeline>
  /** Those whose processor time the work takes; absent: nobody asks. */
  readonly processes?: Processes
}

export const AGENTS = 64
const LABELS = ['linux']

/** Also says what it works on. */
export interface Switchyard extends Contender {
  readonly api: ApiProcess
  readonly databaseUrl: string
}

/** `flags` are of the API's Node.js. */
export async function switchyard(
  stage: Stage,
  generator: Child,
  flags: readonly string[] = [],
): Promise<Switchyard> {
  const database = await stage.database()
  const api = await stage.api(database, flags)
  const agents = await api.registerAgents(AGENTS, LABELS)
  return {
    name: 'Switchyard over HTTP',
    perSecond: 8_000,
    api,
    databaseUrl: database.url,
    processes: processesBehind(stage.server, api, generator),
    prepare: (tasks) => seedTasks(api, database, LABELS, tasks),
    work: (seconds) => workOn(generator, { url: api.url, agents, seconds }),
  }
}

/** Answers what that API answered, and does nothing. */
export async function expressNoOp(stage: Stage, generator: Child, request: NoOpRequest): Promise<Contender> {
  const noOp = await startNoOp(stage, request)
  const agents: LoadAgent[] = Array.from({ length: AGENTS }, (_, index) => ({
    id: `agent-${index}`,
    token: 'of-nobody',
  }))
  return {
    name: `Express that does nothing, on ${request.on}`,
    perSecond: 0,
    processes: processesBehindExpress(noOp, generator),
    prepare: () => Promise.resolve(),
    work: (seconds) => workOn(generator, { url: noOp.url, agents, seconds }),
  }
}

export async function bareTable(stage: Stage): Promise<Contender> {
  const { pool } = await stage.database()
  await createBareQueue(pool)
  return {
    name: 'bare table',
    perSecond: 10_000,
    prepare: (tasks) => fillBareQueue(pool, tasks),
    work: (seconds) => workBareQueue(pool, seconds),
  }
}

export function otherQueue(peer: Peer): Contender {
  const { name, perSecond } = peer
  return { name, perSecond, prepare: (tasks) => peer.seed(tasks), work: (seconds) => peer.work(seconds) }
}

export interface Supplied {
  /** Makes the tasks that are still missing for so many seconds of work. */
  prepare(seconds: number): Promise<void>
  work(seconds: number): Promise<Timeline>
}

/** A contender who knows how many tasks it needs: more when it was faster than was guessed, and never fewer, since one slow run says nothing about the next. */
export function supplied(contender: Contender): Supplied {
  let perSecond = contender.perSecond
  let left = 0
  return {
    async prepare(seconds) {
      const wanted = Math.ceil(perSecond * seconds)
      if (wanted > left) {
        await contender.prepare(wanted - left)
        left = wanted
      }
    },
    async work(seconds) {
      const timeline = await contender.work(seconds)
      left -= timeline.perSecond.reduce((sum, count) => sum + count, 0)
      perSecond = Math.max(perSecond, ...timeline.perSecond.map((count) => count * MARGIN))
      return timeline
    },
  }
}

/** Some runs are faster than those before. */
const MARGIN = 1.5

async function workOn(generator: Child, request: PairsRequest): Promise<Timeline> {
  return (await generator.call('workTogether', request)) as Timeline
}
