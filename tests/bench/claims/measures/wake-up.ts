import { percentile, rounded, summarise, type Summary } from '../../statistics.ts'
import type { Served, ServeRequest, WaitRequest } from '../load/waiting-crowd.ts'
import type { RoundTripsRequest } from '../load/round-trips.ts'
import type { Measure, Outcome } from '../measure.ts'
import { measureCommits } from '../reference.ts'
import { startNoOp } from '../no-op.ts'
import { sampleAnswers } from '../sample-answers.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

const LABELS = ['linux']
const WAIT_SECONDS = 60
const PAUSE_MILLISECONDS = 60

export const wakeUp: Measure = {
  name: 'wake-up',
  title: 'From a new task to the agent that waits for it',
  about:
    'One agent waits in a long poll, nothing else goes on, and a task is created over HTTP. From the answer to whoever created it (the task is stored) until the agent has it. Beside it, after pauses of the same length, what it cannot do without: a round trip over HTTP (to an Express app that does nothing) and a durable commit (of one row).',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const warmUps = Math.ceil(sizes.wakeUps / 10)
  const database = await stage.database()
  const api = await stage.api(database)
  const generator = await stage.child('load')
  const agents = await api.registerAgents(1, LABELS)
  const crowd: WaitRequest = { url: api.url, agents, connectionsPerAgent: 1, waitSeconds: WAIT_SECONDS }
  await generator.call('waitTogether', crowd)
  const request: ServeRequest = {
    url: api.url,
    adminToken: api.adminToken,
    requires: LABELS,
    count: warmUps,
    pauseMilliseconds: PAUSE_MILLISECONDS,
  }
  await generator.call('serveOne', request)
  stage.tell(`${sizes.wakeUps} tasks, one after the other`)
  const served = (await generator.call('serveOne', { ...request, count: sizes.wakeUps })) as Served[]
  await generator.call('leave')

  const { url } = await startNoOp(stage, { answers: await sampleAnswers(api), on: 'our server' })
  const floor = async (pauseMilliseconds: number): Promise<Floor> => {
    const trip: RoundTripsRequest = {
      url,
      path: '/api/v1/tasks/dequeue',
      body: '{"agent_id":"nobody"}',
      count: sizes.wakeUps + warmUps,
      pauseMilliseconds,
    }
    const trips = (await generator.call('roundTrips', trip)) as number[]
    const commits = await measureCommits(database.pool, trip.count, pauseMilliseconds)
    return { trip: summarise(trips.slice(warmUps)), commit: summarise(commits.slice(warmUps)) }
  }
  stage.tell('round trips and commits')
  const idle = await floor(PAUSE_MILLISECONDS)
  const busy = await floor(0)

  const afterAccepted = served.map((one) => one.afterAccepted)
  const accepted = summarise(afterAccepted)
  return {
    figures: [
      { name: 'task accepted → agent has it', unit: 'ms', summary: accepted },
      {
        name: 'request to create it sent → agent has it',
        unit: 'ms',
        summary: summarise(served.map(({ afterSent }) => afterSent)),
      },
      { name: 'HTTP round trip', unit: 'ms', summary: idle.trip },
      { name: 'commit', unit: 'ms', summary: idle.commit },
      { name: 'HTTP round trip, one right after the other', unit: 'ms', summary: busy.trip },
      { name: 'commit, one right after the other', unit: 'ms', summary: busy.commit },
    ],
    targets: [
      { name: 'task accepted → agent has it, p50', value: accepted.median, unit: 'ms', bound: { atMost: 5 } },
      {
        name: 'task accepted → agent has it, p99',
        value: percentile(afterAccepted, 0.99),
        unit: 'ms',
        bound: { atMost: 15 },
      },
      {
        name: 'p50 ÷ (two HTTP round trips + one commit)',
        value: rounded(accepted.median / sumOf(idle)),
        unit: '',
        bound: { atMost: 2 },
      },
    ],
    remarks: [
      `A machine that has just done the same is faster: compared with round trips and commits one right after the other, the last ratio is ${rounded(accepted.median / sumOf(busy))}.`,
    ],
  }
}

/** What nobody can do without. */
interface Floor {
  readonly trip: Summary
  readonly commit: Summary
}

function sumOf({ trip, commit }: Floor): number {
  return 2 * trip.median + commit.median
}
