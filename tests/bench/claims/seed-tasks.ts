import type { ApiProcess } from './api-process.ts'
import { copyTask } from './copy-tasks.ts'
import type { StageDatabase } from './stage.ts'

/** Makes pending tasks: one through the API, the others as its copies. */
export async function seedTasks(
  api: ApiProcess,
  { pool }: StageDatabase,
  requires: readonly string[],
  count: number,
): Promise<void> {
  const id = await api.createTask({ requires: [...requires] })
  await copyTask(pool, id, count - 1)
}
