import { percentile, rounded, summarise, type Summary } from '../../statistics.ts'
import type { ApiProcess } from '../api-process.ts'
import { copyEndedTask, settleTables } from '../copy-tasks.ts'
import { doOneTask } from '../do-one-task.ts'
import type { OneByOneRequest } from '../load/pairs.ts'
import type { LoadAgent } from '../load/work-loop.ts'
import type { Measure, Outcome } from '../measure.ts'
import { seedTasks } from '../seed-tasks.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage, StageDatabase } from '../stage.ts'

const LABELS = ['linux']
/** A claim that scans a million tasks takes long enough for a few to be told apart. */
const MOST_SECONDS = 10

export const backlog: Measure = {
  name: 'backlog',
  title: 'A claim beside a backlog',
  about:
    'One agent alone takes and completes tasks over HTTP, one after the other, in databases that differ in what else is in them. What a dequeue takes (the median of each run, and of those the median), and the time that PostgreSQL spends on a whole pair by pg_stat_statements, in which HTTP hides nothing.',
  run,
}

/** A database with a backlog. */
interface State {
  readonly name: string
  readonly fill: (api: ApiProcess, database: StageDatabase, sizes: Sizes) => Promise<void>
}

const FEW = 'few pending'
const STATES: readonly State[] = [
  { name: FEW, fill: () => Promise.resolve() },
  {
    name: 'many pending',
    fill: (api, database, { backlog: { many } }) => seedTasks(api, database, LABELS, many),
  },
  {
    name: 'many finished',
    async fill(api, { pool }, { backlog: { many } }) {
      const { complete } = await doOneTask(api, LABELS)
      await copyEndedTask(pool, complete.id, many)
    },
  },
  {
    name: 'many pending that do not fit',
    fill: (api, database, { backlog: { many } }) => seedTasks(api, database, ['linux', 'gpu'], many),
  },
]

interface Filled {
  readonly name: string
  readonly api: ApiProcess
  readonly database: StageDatabase
  readonly agent: LoadAgent
  readonly dequeues: number[]
  readonly databaseTimes: number[]
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const { claims } = sizes.backlog
  const filled: Filled[] = []
  for (const state of STATES) filled.push(await fill(stage, state, sizes))
  const generator = await stage.child('load')
  for (let round = 0; round <= sizes.rounds; round++) {
    stage.tell(round === 0 ? 'warming up' : `run ${round} of ${sizes.rounds}`)
    for (const { api, database, agent, dequeues, databaseTimes } of filled) {
      await seedTasks(api, database, LABELS, claims)
      const before = await stage.server.statementCounters(database.url)
      const request: OneByOneRequest = { url: api.url, agent, count: claims, mostSeconds: MOST_SECONDS }
      const taken = (await generator.call('dequeueOneByOne', request)) as number[]
      const after = await stage.server.statementCounters(database.url)
      if (round === 0) continue
      dequeues.push(percentile(taken, 0.5))
      databaseTimes.push((after.milliseconds - before.milliseconds) / taken.length)
    }
  }
  const reference = filled.find(({ name }) => name === FEW)
  if (reference === undefined) throw new Error('there is nothing to compare with')
  const compared = (name: string, atMost: number) => {
    const state = filled.find((one) => one.name === name)
    const value = summarise(state?.dequeues ?? []).median / summarise(reference.dequeues).median
    return { name: `claim p50, ${name} ÷ ${FEW}`, value: rounded(value), unit: '', bound: { atMost } }
  }
  const databaseRatio = (name: string): number =>
    rounded(
      summarise(filled.find((one) => one.name === name)?.databaseTimes ?? []).median /
        summarise(reference.databaseTimes).median,
    )
  return {
    figures: filled.flatMap(({ name, dequeues, databaseTimes }) => [
      figure(`dequeue, ${name}`, summarise(dequeues)),
      figure(`PostgreSQL's part of a pair, ${name}`, summarise(databaseTimes)),
    ]),
    targets: [
      compared('many pending', 1.2),
      compared('many finished', 1.2),
      compared('many pending that do not fit', 1.5),
    ],
    remarks: [
      `Few are about ${sizes.backlog.few}, many are ${sizes.backlog.many} beside those few.`,
      `PostgreSQL's time alone grows by × ${databaseRatio('many pending')} with many pending, × ${databaseRatio('many finished')} with many finished, × ${databaseRatio('many pending that do not fit')} with many that do not fit.`,
    ],
  }
}

async function fill(stage: Stage, state: State, sizes: Sizes): Promise<Filled> {
  stage.tell(`making ${state.name}`)
  const database = await stage.database()
  const api = await stage.api(database)
  await state.fill(api, database, sizes)
  await seedTasks(api, database, LABELS, sizes.backlog.few)
  await settleTables(database.pool)
  const [agent] = await api.registerAgents(1, LABELS)
  if (agent === undefined) throw new Error('no agent was registered')
  return { name: state.name, api, database, agent, dequeues: [], databaseTimes: [] }
}

function figure(name: string, summary: Summary) {
  return { name, unit: 'ms', summary }
}
