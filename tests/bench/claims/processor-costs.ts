import { cpus } from 'node:os'
import { rounded, summarise } from '../statistics.ts'
import type { Timeline } from './load/timeline.ts'
import type { Figure } from './measure.ts'
import { processorTimeOf, type Processes } from './processor-time.ts'

/** What one task, or one delivery, costs in processor time, measured over several runs. */
export interface ProcessorCosts {
  /** Runs the work and notes what each thing that it counts took. */
  watch(work: () => Promise<Timeline>): Promise<Timeline>
  /** Milliseconds for one, by whose they are. */
  figures(): Figure[]
  /** The sum of the medians, in milliseconds. */
  sum(): number
}

export function createProcessorCosts(name: string, processes: Processes): ProcessorCosts {
  const costs = new Map<string, number[]>(Object.keys(processes).map((whose) => [whose, []]))
  const summaries = () => [...costs].map(([whose, each]) => ({ whose, summary: summarise(each) }))
  return {
    async watch(work) {
      const { result, spent } = await processorTimeOf(processes, work)
      const count = result.perSecond.reduce((sum, each) => sum + each, 0)
      for (const [whose, milliseconds] of Object.entries(spent)) costs.get(whose)?.push(milliseconds / count)
      return result
    },
    figures: () =>
      summaries().map(({ whose, summary }) => ({
        name: `processor time, ${name}: ${whose}`,
        unit: 'ms',
        summary,
      })),
    sum: () => summaries().reduce((sum, { summary }) => sum + summary.median, 0),
  }
}

/** How many a machine could do in a second whose processors never wait, and what share of the other side's rate that is. */
export function limitText(milliseconds: number, otherRate: number): string {
  const cores = cpus().length
  const limit = (cores * 1000) / milliseconds
  return `One takes ${rounded(milliseconds)} ms of processor time in all, so that ${cores} cores that never wait do ${Math.round(limit)} a second, × ${rounded(limit / otherRate)} of Express.`
}
