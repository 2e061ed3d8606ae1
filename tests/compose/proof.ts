import type { Task, TaskEvent } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import type { RunLine } from './run-line.ts'

/** One execution, as the executing side wrote it down. */
export interface Run {
  readonly by: string
  readonly attempt: number
  readonly startedAt: number
  readonly ended: 'finished' | 'stopped' | null
  /** Infinity while there is no end on record. */
  readonly endedAt: number
}

/** The executions of each task, in the order in which they began. */
export function runsByTask(lines: readonly RunLine[]): Map<string, Run[]> {
  const byTask = new Map<string, Run[]>()
  for (const line of lines.filter(({ what }) => what === 'started').sort((a, b) => a.at - b.at)) {
    const end = lines.find(({ run, what }) => run === line.run && what !== 'started')
    const run: Run = {
      by: line.by,
      attempt: line.attempt,
      startedAt: line.at,
      ended: end === undefined || end.what === 'started' ? null : end.what,
      endedAt: end?.at ?? Infinity,
    }
    byTask.set(line.task, [...(byTask.get(line.task) ?? []), run])
  }
  return byTask
}

/**
 * What contradicts "it was executed to its end once, by the one who held it, and never twice at a time". `interrupted`
 * allows for runs that were stopped and handed back; without it there may be one run and no more.
 */
export function contradictions(
  task: Task,
  events: readonly Static<typeof TaskEvent>[],
  runs: readonly Run[],
  { interrupted = false } = {},
): string[] {
  const count = (name: string): number => events.filter(({ event }) => event === name).length
  const finished = runs.filter(({ ended }) => ended === 'finished')
  const found: string[] = []
  if (task.status !== 'succeeded') found.push(`it is ${task.status}: ${JSON.stringify(task.error)}`)
  if (finished.length !== 1) found.push(`it was executed to its end ${finished.length} times`)
  if (finished.some(({ by }) => by !== task.agent_id))
    found.push(`it was executed by another than its holder`)
  if (!interrupted && runs.length !== 1) found.push(`it was begun ${runs.length} times`)
  if (runs.length > count('claim'))
    found.push(`it was begun ${runs.length} times in ${count('claim')} claims`)
  if (count('succeed') !== 1) found.push(`it succeeded ${count('succeed')} times`)
  if (new Set(runs.map(({ attempt }) => attempt)).size !== runs.length)
    found.push('one attempt was begun twice')
  for (const [index, run] of runs.entries()) {
    const next = runs[index + 1]
    if (next !== undefined && next.startedAt < run.endedAt) found.push('two executions overlap')
  }
  return found.map((contradiction) => `task ${task.id} (${task.title}): ${contradiction}`)
}
