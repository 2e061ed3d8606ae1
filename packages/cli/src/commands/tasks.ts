import { Command } from '@commander-js/extra-typings'
import type { World } from '../world.ts'
import { createTask } from './tasks/create.ts'
import { taskEvents } from './tasks/events.ts'
import { listTasks } from './tasks/list.ts'
import { taskLogs } from './tasks/logs.ts'
import { showTask } from './tasks/show.ts'
import { assignTask, cancelTask, rerunTask } from './tasks/steer.ts'
import { explainTask } from './tasks/why.ts'

/** `switchyard tasks …` */
export function tasksCommand(world: World) {
  return new Command('tasks')
    .alias('task')
    .description('Look at tasks, create and steer them.')
    .addCommand(listTasks(world))
    .addCommand(showTask(world))
    .addCommand(explainTask(world))
    .addCommand(taskLogs(world))
    .addCommand(taskEvents(world))
    .addCommand(createTask(world))
    .addCommand(assignTask(world))
    .addCommand(cancelTask(world))
    .addCommand(rerunTask(world))
}
