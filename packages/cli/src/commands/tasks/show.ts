import { Command } from '@commander-js/extra-typings'
import type { Task } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import { indented, listFacts, type Fact } from '../../output/facts.ts'
import { statusColour } from '../../output/status-colour.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { instant } from '../../output/time.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

/** `switchyard tasks show` */
export function showTask(world: World) {
  const command = new Command('show')
    .description('Show a task: what it is, how far it is, and what came of it.')
    .argument('<task>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const task = await api.getTask({ task_id: id })
        out.show(task, () => describeTask(task, out, world.now()))
      }),
    )
  return withExamples(command, 'tasks show 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c')
}

/** A task for people: facts, then what is to be done, then what came of it. */
export function describeTask(task: Task, { style }: Output, now: number): string {
  const { source } = task
  const facts: Fact[] = [
    { name: 'id', value: task.id },
    { name: 'status', value: task.status, style: statusColour(style, task.status) },
    { name: 'to be cancelled', value: task.cancel_requested ? 'its holder has been asked to stop' : null },
    { name: 'track', value: task.execution_mode },
    { name: 'agent', value: task.agent_id },
    { name: 'reserved for', value: task.assigned_agent_id },
    { name: 'priority', value: String(task.priority) },
    { name: 'requires', value: task.requires.join(', ') },
    {
      name: 'attempt',
      value: task.attempt === 0 ? null : `${String(task.attempt)} of ${String(task.max_attempts)}`,
    },
    { name: 'repository', value: source.repository },
    { name: 'from', value: source.url ?? source.kind },
    { name: 'asked for by', value: source.sender },
    { name: 'created', value: instant(task.created_at, now) },
    { name: 'begins', value: instant(task.run_at, now) },
    { name: 'started', value: instant(task.started_at, now) },
    { name: 'finished', value: instant(task.finished_at, now) },
    { name: 'progress', value: task.progress },
  ]
  const parts = [
    `${style.bold(terminalLine(task.title))}\n${listFacts(facts, style)}`,
    `${style.bold('Prompt')}\n${indented(task.prompt)}`,
  ]
  if (task.error !== null) {
    parts.push(`${style.bold('Error')}\n${indented(`${task.error.code}: ${task.error.message}`)}`)
  }
  if (task.result !== null) parts.push(`${style.bold('Result')}\n${describeResult(task.result)}`)
  return parts.join('\n')
}

function describeResult(result: NonNullable<Task['result']>): string {
  const { summary, ...rest } = result
  const others = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return indented([...(summary === undefined ? [] : [summary]), ...others].join('\n'))
}
