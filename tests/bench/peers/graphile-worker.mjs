import { Logger, makeWorkerUtils, run, WorkerPreset } from 'graphile-worker'
import { answerCalls } from '../child-calls.ts'
import { startTimeline } from '../claims/load/timeline.ts'

const TASK = 'bench'
const JOBS_PER_INSERT = 5_000

let preset
let utils
let left = 0

/** With the settings of its page on performance. */
async function start({ connectionString, batch, loops }) {
  preset = {
    extends: [WorkerPreset],
    worker: {
      connectionString,
      concurrentJobs: loops,
      maxPoolSize: loops + 1,
      localQueue: { size: batch },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: new Logger(() => () => undefined),
    },
  }
  utils = await makeWorkerUtils({ preset })
  await utils.migrate()
}

async function seed(jobs) {
  for (let left = jobs; left > 0; left -= JOBS_PER_INSERT) {
    const count = Math.min(left, JOBS_PER_INSERT)
    await utils.addJobs(
      Array.from({ length: count }, () => ({ identifier: TASK, payload: { title: 'Fix the build' } })),
    )
  }
  left += jobs
}

async function work(seconds) {
  const clock = startTimeline(seconds)
  const runner = await run({
    preset,
    noHandleSignals: true,
    taskList: {
      [TASK]: () => {
        clock.count()
        left -= 1
        if (left === 0) clock.end()
      },
    },
  })
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  await runner.stop()
  return clock.timeline()
}

answerCalls({ start, seed, work })
