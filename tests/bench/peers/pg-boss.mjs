import { PgBoss } from 'pg-boss'
import { answerCalls } from '../child-calls.ts'
import { startTimeline } from '../claims/load/timeline.ts'

const QUEUE = 'bench'
const JOBS_PER_INSERT = 5_000

let boss
let settings

/**
 * A queue with a table of its own, as pg-boss advises for large ones; nothing scheduled, its supervision on. Jobs are fetched without
 * their metadata, and `batch` of them per statement, by `loops` loops at the same time.
 */
async function start({ connectionString, batch, loops }) {
  settings = { batch, loops }
  boss = new PgBoss({ connectionString, max: Math.min(loops + 1, 17), schedule: false })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue(QUEUE, { partition: true })
}

async function seed(jobs) {
  for (let left = jobs; left > 0; left -= JOBS_PER_INSERT) {
    const count = Math.min(left, JOBS_PER_INSERT)
    await boss.insert(
      QUEUE,
      Array.from({ length: count }, () => ({ data: { title: 'Fix the build' } })),
    )
  }
}

async function work(seconds) {
  const clock = startTimeline(seconds)
  async function loop() {
    while (!clock.isOver()) {
      const jobs = await boss.fetch(QUEUE, { batchSize: settings.batch })
      if (jobs.length === 0) {
        clock.end()
        break
      }
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      )
      clock.count(jobs.length)
    }
  }
  await Promise.all(Array.from({ length: settings.loops }, loop))
  return clock.timeline()
}

answerCalls({ start, seed, work })
