import type { Task } from '@switchyard/core'
import { getTask } from '@switchyard/store'
import type { Queryable } from '@switchyard/store'
import { Problem } from '../problem.ts'

/** The task, or the problem `task_not_found`. */
export async function findTask(db: Queryable, id: string): Promise<Task> {
  const task = await getTask(db, id)
  if (task === null) throw new Problem('task_not_found', `There is no task ${id}.`)
  return task
}
