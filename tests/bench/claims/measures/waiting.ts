import { setTimeout as delay } from 'node:timers/promises'
import { percentile, rounded, summarise } from '../../statistics.ts'
import type { Served, ServeRequest, WaitRequest } from '../load/waiting-crowd.ts'
import type { Measure, Outcome } from '../measure.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

const LABELS = ['linux']
const WAIT_SECONDS = 60
const PAUSE_MILLISECONDS = 100

export const waiting: Measure = {
  name: 'waiting',
  title: 'A crowd that waits',
  about:
    'Dequeues that wait in one API process for a minute each, ten connections per agent, and nothing to do for any of them: the statements that PostgreSQL executes per second (by pg_stat_statements), and the resident memory of the API. Then tasks arrive one after the other: from the answer to whoever created one until an agent has it.',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const { agents: count, connectionsPerAgent, settleSeconds, quietSeconds, served: wanted } = sizes.waiting
  const database = await stage.database()
  const api = await stage.api(database)
  const generator = await stage.child('load')
  const memoryBefore = await api.residentMebibytes()
  const agents = await api.registerAgents(count, LABELS)
  stage.tell(`${count * connectionsPerAgent} dequeues begin to wait`)
  const crowd: WaitRequest = { url: api.url, agents, connectionsPerAgent, waitSeconds: WAIT_SECONDS }
  await generator.call('waitTogether', crowd)
  await delay(settleSeconds * 1000)
  stage.tell(`${quietSeconds} s of silence`)
  const before = await stage.server.statementCounters(database.url)
  const begin = performance.now()
  await delay(quietSeconds * 1000)
  const after = await stage.server.statementCounters(database.url)
  const perSecond = ((after.statements - before.statements) * 1000) / (performance.now() - begin)
  const memory = await api.residentMebibytes()
  stage.tell(`${wanted} tasks arrive`)
  const request: ServeRequest = {
    url: api.url,
    adminToken: api.adminToken,
    requires: LABELS,
    count: wanted,
    pauseMilliseconds: PAUSE_MILLISECONDS,
  }
  const served = ((await generator.call('serveOne', request)) as Served[]).map(
    ({ afterAccepted }) => afterAccepted,
  )
  await generator.call('leave')
  const time = summarise(served)
  return {
    figures: [
      { name: 'statements', unit: '1/s', summary: summarise([perSecond]) },
      { name: 'resident memory, nobody waits', unit: 'MiB', summary: summarise([memoryBefore]) },
      { name: 'resident memory, all wait', unit: 'MiB', summary: summarise([memory]) },
      { name: 'task accepted → an agent has it', unit: 'ms', summary: time },
    ],
    targets: [
      { name: 'statements per second', value: rounded(perSecond), unit: '1/s', bound: { atMost: 5 } },
      { name: 'resident memory', value: rounded(memory), unit: 'MiB', bound: { atMost: 400 } },
      { name: 'task accepted → an agent has it, p50', value: time.median, unit: 'ms', bound: { atMost: 20 } },
    ],
    remarks: [
      `${count * connectionsPerAgent} dequeues of ${count} agents waited.`,
      `One dequeue that waits costs ${rounded(((memory - memoryBefore) * 1024) / (count * connectionsPerAgent))} KiB.`,
      `p99 of the time to serve one: ${percentile(served, 0.99)} ms.`,
    ],
  }
}
