import { systemClock } from '@switchyard/platform'
import { createPool, putHost } from '@switchyard/store'
import { fakeSsh } from '../../../support/fake-ssh.ts'
import { testReplica } from '../../../support/replica.ts'
import { addTask, newHost } from '../../../support/task-factory.ts'
import { until } from '../../../support/until.ts'
import { rounded, summarise } from '../../statistics.ts'
import { copyTask, settleTables } from '../copy-tasks.ts'
import type { Measure, Outcome } from '../measure.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

const LABELS = ['linux']
const HOSTS_AT_A_TIME = 10
const PATIENCE_SECONDS = 120

export const dispatch: Measure = {
  name: 'dispatch',
  title: 'A dispatch cycle',
  about:
    'One cycle of a dispatcher with many hosts (SSH is faked, nothing else) beside many pending tasks that fit no host: with nothing to do, and with as many fitting tasks as there are hosts, which have a slot each. Beside it, one statement that reads nothing.',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const { hosts, tasks, toPlace, cycles } = sizes.dispatch
  const { url, pool } = await stage.database()
  const own = createPool({ connectionString: url, applicationName: 'bench-dispatcher' })
  stage.cleanup.add(() => own.end())
  const cyclePool = createPool({
    connectionString: url,
    applicationName: 'bench-dispatcher',
    maxConnections: 2,
  })
  stage.cleanup.add(() => cyclePool.end())
  stage.tell(`making ${hosts} hosts and ${tasks} tasks`)
  for (let made = 0; made < hosts; made += HOSTS_AT_A_TIME) {
    const group = Array.from({ length: Math.min(HOSTS_AT_A_TIME, hosts - made) }, () =>
      putHost(own, newHost({ labels: LABELS })),
    )
    await Promise.all(group)
  }
  // http_pull by nobody's timeout: phase 2 is measured elsewhere.
  const unfitting = await addTask(pool, { requires: ['gpu', 'linux'], requestedMode: 'ssh_cli' }, null)
  await copyTask(pool, unfitting.id, tasks - 1)
  await settleTables(pool)

  const ssh = fakeSsh({ run: () => 'hold' })
  const replica = testReplica(own, ssh, { clock: systemClock, cyclePool })
  stage.cleanup.add(async () => {
    replica.runs.drain()
    ssh.cut()
    await replica.runs.idle()
  })
  const idle: number[] = []
  const placing: number[] = []
  const statements: number[] = []
  for (let cycle = 0; cycle <= cycles; cycle++) {
    stage.tell(cycle === 0 ? 'warming up' : `cycle ${cycle} of ${cycles}`)
    const nothing = await timed(async () => {
      const report = await replica.cycle()
      if (report.claimed > 0 || report.failedPhases.length > 0) throw new Error(JSON.stringify(report))
    })
    const fitting = await addTask(pool, { requires: LABELS, requestedMode: 'ssh_cli' }, null)
    await copyTask(pool, fitting.id, toPlace - 1)
    const placed = await timed(async () => {
      const report = await replica.cycle()
      if (report.claimed !== toPlace) throw new Error(JSON.stringify(report))
    })
    await until('all run', () => ssh.running.size === toPlace, PATIENCE_SECONDS)
    for (const run of [...ssh.running]) run.end({ code: 0 })
    await replica.runs.idle()
    const statement = await timed(() => own.query('select 1'))
    if (cycle === 0) continue
    idle.push(nothing)
    placing.push(placed)
    statements.push(statement)
  }
  const [idleTime, placingTime, statementTime] = [idle, placing, statements].map(summarise) as [
    ReturnType<typeof summarise>,
    ReturnType<typeof summarise>,
    ReturnType<typeof summarise>,
  ]
  return {
    figures: [
      { name: 'cycle with nothing to do', unit: 'ms', summary: idleTime },
      { name: `cycle with ${toPlace} tasks to place`, unit: 'ms', summary: placingTime },
      { name: 'one statement that reads nothing', unit: 'ms', summary: statementTime },
    ],
    targets: [
      { name: 'cycle with nothing to do', value: idleTime.median, unit: 'ms', bound: { atMost: 20 } },
      {
        name: `cycle with ${toPlace} tasks to place`,
        value: placingTime.median,
        unit: 'ms',
        bound: { atMost: 500 },
      },
    ],
    remarks: [
      `${hosts} hosts, ${tasks} pending tasks that fit none of them.`,
      `A cycle with nothing to do takes as long as ${rounded(idleTime.median / statementTime.median)} statements that read nothing.`,
    ],
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}
