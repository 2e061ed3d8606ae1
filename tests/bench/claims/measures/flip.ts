import { systemClock } from '@switchyard/platform'
import { createPool } from '@switchyard/store'
import { fakeSsh } from '../../../support/fake-ssh.ts'
import { testReplica } from '../../../support/replica.ts'
import { addTask } from '../../../support/task-factory.ts'
import { rounded, summarise } from '../../statistics.ts'
import { copyTask, settleTables } from '../copy-tasks.ts'
import type { Measure, Outcome } from '../measure.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

const LABELS = ['linux']

export const flip: Measure = {
  name: 'flip',
  title: 'Phase 2',
  about:
    'Undecided tasks that no host took in time become http_pull, in cycles of a dispatcher without hosts, until none is left. Beside it, one plain update of one column of as many rows of the same table, the limit of PostgreSQL itself.',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const flipped: number[] = []
  const plain: number[] = []
  const runs = Math.min(3, sizes.rounds)
  for (let round = 1; round <= runs; round++) {
    stage.tell(`run ${round} of ${runs}`)
    const { url, pool } = await stage.database()
    const { id } = await addTask(pool, { requires: LABELS }, null)
    await pool.query(`update tasks set pending_since = now() - interval '1 hour' where id = $1`, [id])
    await copyTask(pool, id, sizes.undecidedTasks - 1)
    await settleTables(pool)
    const own = createPool({ connectionString: url, applicationName: 'bench-dispatcher' })
    const replica = testReplica(own, fakeSsh(), { clock: systemClock })
    let count = 0
    const begin = performance.now()
    while (count < sizes.undecidedTasks) {
      const report = await replica.cycle()
      if (report.flipped === 0) throw new Error(`${count} of ${sizes.undecidedTasks} were flipped`)
      count += report.flipped
    }
    flipped.push((count * 1000) / (performance.now() - begin))
    await own.end()
    const updateBegin = performance.now()
    const { rowCount } = await pool.query(`update tasks set mode_reason = 'because'`)
    plain.push(((rowCount ?? 0) * 1000) / (performance.now() - updateBegin))
  }
  const rate = summarise(flipped)
  return {
    figures: [
      { name: 'phase 2', unit: 'tasks/s', summary: rate },
      { name: 'one plain update', unit: 'tasks/s', summary: summarise(plain) },
    ],
    targets: [{ name: 'phase 2', value: rate.median, unit: 'tasks/s', bound: { atLeast: 50_000 } }],
    remarks: [
      `Phase 2 does ${rounded(rate.median / summarise(plain).median)} of what one plain update does.`,
    ],
  }
}
