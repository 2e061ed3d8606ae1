import { Command } from '@commander-js/extra-typings'
import type { Task } from '@switchyard/client'
import { EXECUTION_MODES, TASK_STATUSES } from '@switchyard/core'
import type { Output } from '../../output/output.ts'
import { statusColour } from '../../output/status-colour.ts'
import { ageOf } from '../../output/time.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { DEFAULT_LIST_LENGTH, ListOption, wholeNumber } from '../option-values.ts'
import { readPages } from '../pages.ts'

/** `switchyard tasks list` */
export function listTasks(world: World) {
  const command = new Command('list')
    .alias('ls')
    .description('List tasks, newest first.')
    .addOption(new ListOption('--status <list>', 'only these, comma separated', TASK_STATUSES))
    .addOption(new ListOption('--mode <list>', 'only these tracks, comma separated', EXECUTION_MODES))
    .option('--repository <name>', 'only those of a repository: acme/shop')
    .option('--agent <id>', 'only those that this agent or host holds, held or is assigned')
    .option('--limit <number>', 'so many at most', wholeNumber(1), DEFAULT_LIST_LENGTH)
    .option('--all', 'all of them')
    .action((options) =>
      withSession(world, command, async ({ api, out }) => {
        const filter = {
          status: options.status,
          execution_mode: options.mode,
          repository: options.repository,
          agent_id: options.agent,
        }
        await readPages(
          out,
          options,
          (page) => api.listTasks({ ...filter, ...page }),
          ({ tasks }) => renderTasks(tasks, out, world.now()),
        )
      }),
    )
  return withExamples(
    command,
    'tasks list',
    'tasks list --status pending,running',
    'tasks list --repository acme/shop --json',
  )
}

/** Tasks as a table. */
export function renderTasks(tasks: readonly Task[], out: Output, now: number): string {
  if (tasks.length === 0) return 'No tasks.\n'
  return out.table(
    [
      { title: 'ID', value: ({ id }) => id },
      {
        title: 'STATUS',
        value: ({ status }) => status,
        style: (text, { status }) => statusColour(out.style, status)(text),
      },
      { title: 'TRACK', value: (task) => task.execution_mode, spare: 3 },
      { title: 'AGE', value: (task) => ageOf(task.created_at, now), align: 'right', spare: 1 },
      { title: 'AGENT', value: (task) => task.agent_id ?? task.assigned_agent_id ?? '-', spare: 2 },
      { title: 'REPOSITORY', value: ({ source }) => source.repository ?? '-', spare: 4 },
      { title: 'TITLE', value: ({ title }) => title, flexible: true },
    ],
    tasks,
  )
}
