import { randomUUID } from 'node:crypto'
import { ROUTES } from '@switchyard/contract'
import type { PresetName } from '@switchyard/core'
import { processesWithVariable } from '../support/processes.ts'
import type { Stack, Task } from '../support/stack.ts'
import { until } from '../support/until.ts'
import type { Case } from './cases.ts'
import { promptFor, type ModelServer, type Seen } from './model/server.ts'

export const TRACKS = ['agent run', 'SSH host'] as const
export type Track = (typeof TRACKS)[number]

/** What was seen of one run. */
export interface Finding {
  readonly preset: PresetName
  readonly case: string
  readonly track: Track
  readonly status: string
  /** The exit code, or what was said in place of one. */
  readonly end: string
  readonly seconds: number
  readonly seen: Seen
  readonly processesLeft: number
  /** The last lines of the output. */
  readonly lastLines: string
  /** What is not as it should be. */
  readonly complaints: readonly string[]
}

export interface TryCase {
  readonly stack: Stack
  readonly model: ModelServer
  readonly preset: PresetName
  readonly track: Track
  /** Which tasks go there. */
  readonly label: string
  /** The time limit of runs. */
  readonly seconds: number
}

/** Runs one case as a task, and says what came of it. */
export async function tryCase(
  { stack, model, preset, track, label, seconds }: TryCase,
  tried: Case,
): Promise<Finding> {
  const run = randomUUID()
  const { id } = await stack.createTask({
    title: tried.name,
    prompt: promptFor(tried.behaviour, run, tried.bytes),
    requires: [label],
    max_attempts: 1,
  })
  if (tried.cancel === true) {
    await until('the model is asked', () => model.seen(run).requests > 0, seconds)
    await stack.client.call(ROUTES.cancelTask, { params: { task_id: id }, body: {} })
  }
  const task = await stack.untilEnded(id, 2 * seconds + 60)
  const finding = {
    ...{ preset, track, case: tried.name, status: task.status, end: endOf(task) },
    seconds: secondsOf(task),
    seen: model.seen(run),
    processesLeft: processesWithVariable(`SWITCHYARD_TASK_ID=${id}`).length,
    lastLines: (await stack.log(id)).trim().split('\n').slice(-3).join('\n'),
  }
  return { ...finding, complaints: complaintsAbout(finding, tried, task) }
}

function endOf({ result, error }: Task): string {
  if (error === null) return String(result?.['exit_code'] ?? '')
  return error.code === 'exit_code' ? (/code (\d+)/.exec(error.message)?.[1] ?? '') : error.code
}

function secondsOf({ started_at: started, finished_at: finished }: Task): number {
  return started === null || finished === null
    ? Number.NaN
    : (Date.parse(finished) - Date.parse(started)) / 1000
}

function complaintsAbout(
  { status, seen, processesLeft }: Omit<Finding, 'complaints'>,
  tried: Case,
  task: Task,
): string[] {
  return [
    ...(tried.expected === undefined || status === tried.expected ? [] : [`is not ${tried.expected}`]),
    ...(status === 'succeeded' && !seen.whole ? ['the model did not get the whole prompt'] : []),
    ...(tried.byTool === true && task.result?.['branch'] !== 'made-by-tool'
      ? ['the tool left no result']
      : []),
    ...(processesLeft === 0 ? [] : [`${processesLeft} processes are left`]),
  ]
}
