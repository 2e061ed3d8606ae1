import { load } from '../machine.ts'
import { rounded } from '../statistics.ts'
import { createCleanup, type Cleanup } from './cleanup.ts'
import type { Measure } from './measure.ts'
import type { Measured } from './report.ts'
import type { DatabaseServer } from './server.ts'
import type { Sizes } from './sizes.ts'
import { createStage } from './stage.ts'

export interface RunOptions {
  readonly server: DatabaseServer
  readonly sizes: Sizes
  /** Undoes what a measure that was interrupted has left. */
  readonly cleanup: Cleanup
  readonly tell: (message: string) => void
}

/** Runs one measure and takes its stage down. One that fails is a result too: the others go on. */
export async function runMeasure(measure: Measure, options: RunOptions): Promise<Measured> {
  const { server, sizes, cleanup, tell } = options
  const { name, title, about } = measure
  const own = createCleanup()
  cleanup.add(() => own.run())
  const loadBefore = load()
  const begin = performance.now()
  const outcome = await attempt(async () => {
    try {
      const stage = createStage(server, own, (message) => tell(`${name}: ${message}`))
      return await measure.run(stage, sizes)
    } finally {
      await own.run()
    }
  })
  const seconds = rounded((performance.now() - begin) / 1000)
  return { name, title, about, seconds, load: Math.max(loadBefore, load()), outcome }
}

async function attempt<T>(work: () => Promise<T>): Promise<T | { readonly problem: string }> {
  try {
    return await work()
  } catch (error) {
    return { problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
