import { Command } from '@commander-js/extra-typings'
import type { AnswerOf } from '../../api/answers.ts'
import { pathOf } from '../../api/api.ts'
import type { Output } from '../../output/output.ts'
import { statusColour } from '../../output/status-colour.ts'
import { terminalLine, terminalText } from '../../output/terminal-text.ts'
import { ageOf } from '../../output/time.ts'
import { openSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

type Task = AnswerOf<'getTask'>

/** `switchyard tasks show` */
export function showTask(world: World) {
  const command = new Command('show')
    .description('Show a task: what it is, how far it is, and what came of it.')
    .argument('<task>', 'its id')
    .action(async (id) => {
      const { api, out } = await openSession(world, command)
      const task = await api.get<Task>(pathOf`/api/v1/tasks/${id}`)
      out.show(task, () => describeTask(task, out, world.now()))
    })
  return withExamples(command, 'tasks show 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c')
}

/** A task for people: facts, then what is to be done, then what came of it. */
export function describeTask(task: Task, out: Output, now: number): string {
  const { style } = out
  const { source } = task
  const holder = task.agent_id ?? null
  const facts: (readonly [string, string | null])[] = [
    ['id', task.id],
    [
      'status',
      statusColour(style, task.status)(task.status) + (task.cancel_requested ? ' (is asked to stop)' : ''),
    ],
    ['track', task.execution_mode],
    ['agent', holder],
    ['reserved for', task.assigned_agent_id],
    ['priority', String(task.priority)],
    ['requires', task.requires.join(', ')],
    ['attempt', task.attempt === 0 ? null : `${String(task.attempt)} of ${String(task.max_attempts)}`],
    ['repository', source.repository],
    ['from', source.url ?? source.kind],
    ['asked for by', source.sender],
    ['created', instant(task.created_at, now)],
    ['begins', task.run_at === null ? null : instant(task.run_at, now)],
    ['started', task.started_at === null ? null : instant(task.started_at, now)],
    ['finished', task.finished_at === null ? null : instant(task.finished_at, now)],
    ['progress', task.progress],
  ]
  const parts = [
    style.bold(terminalLine(task.title)),
    listFacts(facts, out),
    `\n${style.bold('Prompt')}\n${indented(task.prompt)}`,
  ]
  if (task.error !== null) {
    parts.push(`\n${style.bold('Error')}\n${indented(`${task.error.code}: ${task.error.message}`)}`)
  }
  if (task.result !== null) parts.push(`\n${style.bold('Result')}\n${describeResult(task.result)}`)
  return `${parts.join('\n')}\n`
}

function describeResult(result: NonNullable<Task['result']>): string {
  const { summary, ...rest } = result
  const others = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return indented([...(summary === undefined ? [] : [summary]), ...others].join('\n'))
}

/** Names and values in two columns; what is null or empty is left out. */
export function listFacts(facts: readonly (readonly [string, string | null])[], { style }: Output): string {
  const present = facts.filter(
    (fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== '',
  )
  const width = Math.max(...present.map(([name]) => name.length))
  return present.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${value}`).join('\n')
}

function indented(text: string): string {
  return terminalText(text)
    .trimEnd()
    .replaceAll(/^(?=.)/gm, '  ')
}

function instant(time: string, now: number): string {
  const age = ageOf(time, now)
  return `${time} (${age.startsWith('in ') ? age : `${age} ago`})`
}
