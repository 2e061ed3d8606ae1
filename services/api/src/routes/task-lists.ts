import { DEFAULT_PAGE_SIZE, ROUTES } from '@switchyard/contract'
import { EXECUTION_MODES, TASK_STATUSES } from '@switchyard/core'
import { listTasks } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bind, invalidRequest } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { idFromCursor, page } from '../http/cursor.ts'
import { taskToWire } from '../wire/to-wire.ts'

/** The filtered list of tasks. */
export function bindTaskLists(binding: Binding, { pool }: ApiContext): void {
  bind(binding, ROUTES.listTasks, async ({ query }) => {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE
    const tasks = await listTasks(pool, {
      statuses: oneOrSeveral('status', query.status, TASK_STATUSES),
      executionModes: oneOrSeveral('execution_mode', query.execution_mode, EXECUTION_MODES),
      repository: query.repository ?? null,
      agentId: query.agent_id ?? null,
      beforeId: idFromCursor(query.cursor),
      limit: limit + 1,
    })
    const { items, nextCursor } = page(tasks, limit)
    return { status: 200, body: { tasks: items.map(taskToWire), next_cursor: nextCursor } }
  })
}

function oneOrSeveral<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
): T[] | null {
  if (text === undefined) return null
  const values = text.split(',').map((value) => value.trim())
  const unknown = values.filter((value) => !(known as readonly string[]).includes(value))
  if (unknown.length > 0) {
    const message = `must be one or several of ${known.join(', ')}, not ${unknown.join(', ')}`
    throw invalidRequest([{ path: `query.${name}`, message }])
  }
  return values as T[]
}
