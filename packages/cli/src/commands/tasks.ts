import { Command } from '@commander-js/extra-typings'
import type { World } from '../world.ts'
import { createTask } from './tasks/create.ts'
import { listTasks } from './tasks/list.ts'
import { showTask } from './tasks/show.ts'

/** `switchyard tasks …` */
export function tasksCommand(world: World) {
  return new Command('tasks')
    .alias('task')
    .description('Look at tasks, create and steer them.')
    .addCommand(listTasks(world))
    .addCommand(showTask(world))
    .addCommand(createTask(world))
}
