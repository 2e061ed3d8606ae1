/** The parts of a node-postgres DatabaseError that decisions are made on. */
interface ErrorWithCode {
  readonly code?: unknown
  readonly constraint?: unknown
  readonly message?: unknown
}

const UNIQUE_VIOLATION = '23505'

/** SQLSTATEs and socket errors that mean: PostgreSQL cannot be used right now, try again (PostgreSQL, Appendix A). */
const UNAVAILABLE = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ENOENT',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

/** True when the statement hit the named unique index. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = (error ?? {}) as ErrorWithCode
  return code === UNIQUE_VIOLATION && violated === constraint
}

/** True when the database is away or refuses connections, so that the same call may work later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some((inner) => isDatabaseUnavailable(inner))
  const { code, message } = (error ?? {}) as ErrorWithCode
  if (typeof code === 'string' && (UNAVAILABLE.has(code) || code.startsWith('08'))) return true
  return (
    typeof message === 'string' &&
    /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      message,
    )
  )
}

/** True when PostgreSQL will not take these values, however often it is asked: classes data exception, integrity, program limit. */
export function isRefused(error: unknown): error is Error {
  const { code } = (error ?? {}) as ErrorWithCode
  return error instanceof Error && typeof code === 'string' && /^(22|23|54)...$/.test(code)
}
