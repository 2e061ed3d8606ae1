import { Command } from '@commander-js/extra-typings'
import type { Task } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import { statusColour } from '../../output/status-colour.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

const EXAMPLE = '0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c'

/** `switchyard tasks assign` */
export function assignTask(world: World) {
  const command = new Command('assign')
    .description('Reserve a task for one agent or host. Labels are not asked: your word counts.')
    .argument('<task>', 'its id')
    .argument('<agent>', 'the id of the agent or host')
    .action((id, agent) =>
      withSession(world, command, async ({ api, out }) => {
        const task = await api.assignTask({ task_id: id, agent_id: agent })
        out.show(
          task,
          () => `${state(task, out)}: reserved for ${agent} on the track ${task.execution_mode}\n`,
        )
      }),
    )
  return withExamples(command, `tasks assign ${EXAMPLE} claude-laptop`)
}

/** `switchyard tasks cancel` */
export function cancelTask(world: World) {
  const command = new Command('cancel')
    .description('Cancel a task: at once when nobody holds it, else its holder is asked to stop.')
    .argument('<task>', 'its id')
    .option('--reason <text>', 'why, for whoever looks at it later')
    .action((id, { reason }) =>
      withSession(world, command, async ({ api, out }) => {
        const task = await api.cancelTask({ task_id: id, reason })
        out.show(task, () => {
          const asked = task.cancel_requested
            ? `: ${task.agent_id ?? 'its holder'} has been asked to stop`
            : ''
          return `${state(task, out)}${asked}\n`
        })
      }),
    )
  return withExamples(
    command,
    `tasks cancel ${EXAMPLE}`,
    `tasks cancel ${EXAMPLE} --reason "not needed any more"`,
  )
}

/** `switchyard tasks rerun` */
export function rerunTask(world: World) {
  const command = new Command('rerun')
    .description('Put a task that has ended back into the queue, with all its attempts again.')
    .argument('<task>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const task = await api.rerunTask({ task_id: id })
        out.show(task, () => `${state(task, out)}\n`)
      }),
    )
  return withExamples(command, `tasks rerun ${EXAMPLE}`)
}

function state(task: Task, { style }: Output): string {
  return `${task.id}  ${statusColour(style, task.status)(task.status)}  ${terminalLine(task.title)}`
}
