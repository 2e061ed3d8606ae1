import type { AnswerOf } from '../api/answers.ts'
import type { Session } from '../session.ts'

/** The options of every list. */
export interface PageOptions {
  readonly limit: number
  readonly all?: boolean | undefined
}

const MOST_PER_PAGE = 200

const PATHS = {
  listTasks: '/api/v1/tasks',
  listAgents: '/api/v1/agents',
  listHosts: '/api/v1/hosts',
  listDeliveries: '/api/v1/deliveries',
} as const

interface Pages {
  readonly listTasks: AnswerOf<'listTasks'>
  readonly listAgents: AnswerOf<'listAgents'>
  readonly listHosts: AnswerOf<'listHosts'>
  readonly listDeliveries: AnswerOf<'listDeliveries'>
}

/**
 * Reads a list: as many as asked for, or all. Gives each page to `show`; whoever was not shown everything reads on standard error how
 * to see the rest.
 */
export async function readPages<Name extends keyof Pages>(
  { api, out }: Session,
  name: Name,
  query: Readonly<Record<string, string | undefined>>,
  { limit, all = false }: PageOptions,
  show: (page: Pages[Name], isFirst: boolean) => void,
): Promise<void> {
  let cursor: string | undefined
  let left = all ? Number.POSITIVE_INFINITY : limit
  for (let isFirst = true; ; isFirst = false) {
    const answer = await api.get<unknown>(PATHS[name], {
      ...query,
      limit: Math.min(left, MOST_PER_PAGE),
      cursor,
    })
    const page = answer as Pages[Name]
    show(page, isFirst)
    left -= MOST_PER_PAGE
    if (page.next_cursor === null) return
    if (left <= 0) {
      if (!out.isJson) out.note(out.style.dim('There are more: --all shows them, --limit more of them.'))
      return
    }
    cursor = page.next_cursor
  }
}
