import type { Client, Queue, Task } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import { statusColour } from '../../output/status-colour.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { ageOf, duration } from '../../output/time.ts'
import { renderTasks } from '../tasks/list.ts'

const UNFINISHED = 'running,claimed,orphaned,pending,scheduled,waiting'
const MOST_TASKS = 20

/** What the view shows. */
export interface QueueView {
  readonly queue: Queue
  /** The newest unfinished tasks. */
  readonly tasks: readonly Task[]
}

/** Reads all of it. */
export async function readQueueView(api: Client, most = MOST_TASKS): Promise<QueueView> {
  const [queue, { tasks }] = await Promise.all([
    api.getQueue(),
    api.listTasks({ status: UNFINISHED, limit: Math.max(1, Math.min(most, MOST_TASKS)) }),
  ])
  return { queue, tasks }
}

/** Counts, dispatchers, then the tasks that are not finished. */
export function renderQueue({ queue, tasks }: QueueView, out: Output, now: number): string {
  const { style } = out
  const oldest = queue.oldest_pending_seconds
  const lines = [
    renderCounts(queue, out),
    oldest === null ? 'Nothing is pending.' : `The oldest pending task waits for ${duration(oldest)}.`,
    renderDispatchers(queue, out, now),
  ]
  const list = tasks.length === 0 ? style.dim('No unfinished tasks.\n') : renderTasks(tasks, out, now)
  return `${lines.join('\n')}\n\n${list}`
}

function renderCounts({ counts }: Queue, { style }: Output): string {
  const totals = new Map<string, number>()
  for (const { status, count } of counts) totals.set(status, (totals.get(status) ?? 0) + count)
  if (totals.size === 0) return 'The queue is empty, and nothing ended in the last 24 hours.'
  return [...totals]
    .map(([status, count]) => `${statusColour(style, status)(status)} ${style.bold(String(count))}`)
    .join('   ')
}

function renderDispatchers({ dispatchers }: Queue, { style }: Output, now: number): string {
  if (dispatchers.length === 0)
    return style.red('No dispatcher is alive: hosts get no tasks, and nothing becomes http_pull by time.')
  const each = dispatchers.map(({ id, last_cycle_at: cycle, draining }) => {
    return `${terminalLine(id)} (${draining ? 'draining' : `looked ${ageOf(cycle, now)} ago`})`
  })
  return `Dispatchers: ${each.join(', ')}.`
}
