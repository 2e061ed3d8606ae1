/** What the exit code of `switchyard` says. Scripts rely on these: a number never changes its meaning. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'It is done.' },
  failed: {
    code: 1,
    meaning: 'It did not work, or the answer is no: a check failed, the command of a task failed.',
  },
  usage: { code: 2, meaning: 'The command line, the configuration or a value in it is not right.' },
  unreachable: {
    code: 3,
    meaning: 'The API cannot be reached, or cannot do its work now. Trying again later may help.',
  },
  notAllowed: { code: 4, meaning: 'There is no valid token, or this one may not do that.' },
  notFound: { code: 5, meaning: 'There is no such task, agent, host or delivery.' },
  conflict: {
    code: 6,
    meaning: 'What is there now does not allow it: the state of a task, an id that is taken.',
  },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>

export type Ending = keyof typeof EXIT_CODES

/** Refusals of a request that is right by itself: what is there now does not allow it. */
const CONFLICTS = new Set(['invalid_state', 'mode_mismatch'])

/** The ending that an HTTP status of the API stands for, with the code of the problem when there is one. */
export function endingOf(status: number, code = ''): Ending {
  if (CONFLICTS.has(code)) return 'conflict'
  if (status === 401 || status === 403) return 'notAllowed'
  // Something there answers, and it knows no such operation.
  if (code === 'route_not_found' || code === 'method_not_allowed') return 'usage'
  if (status === 404) return 'notFound'
  if (status === 409 || status === 416 || status === 422) return 'conflict'
  if (status === 502 || status === 503 || status === 504) return 'unreachable'
  return status >= 400 && status < 500 ? 'usage' : 'failed'
}

/** The ending when what answered does not speak as the API does; null: nothing answered. Most often the URL is wrong. */
export function endingOfStranger(status: number | null): Ending {
  if (status === null || status === 408 || status === 429 || status >= 500) return 'unreachable'
  return status === 401 || status === 403 || status === 407 ? 'notAllowed' : 'usage'
}
