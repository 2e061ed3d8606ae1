/** The parts of a node-postgres DatabaseError that decisions are made on. */
interface ErrorWithCode {
  readonly code?: unknown
  readonly constraint?: unknown
  readonly message?: unknown
}

const UNIQUE_VIOLATION = '23505'
const LOCK_NOT_AVAILABLE = '55P03'

/** SQLSTATEs and socket errors that mean: PostgreSQL cannot be used right now, try again (PostgreSQL, Appendix A). */
const UNAVAILABLE = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  '25P03', // idle_in_transaction_session_timeout
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

/**
 * True when the same call may work later: the database is away, refuses connections, or kept the call waiting for too long (isHeldUp
 * tells which).
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (isHeldUp(error)) return true
  if (error instanceof AggregateError) return error.errors.some((inner) => isDatabaseUnavailable(inner))
  const { code, message } = (error ?? {}) as ErrorWithCode
  if (typeof code === 'string' && (UNAVAILABLE.has(code) || code.startsWith('08'))) return true
  return (
    typeof message === 'string' &&
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      message,
    )
  )
}

/** True when the call gave up waiting, for a lock or for its answer: that says little about the database, and nothing about other calls. */
export function isHeldUp(error: unknown): boolean {
  return isLockTimeout(error) || isUnanswered(error)
}

/** True when somebody held a lock for longer than the statement waits. It has changed nothing. */
export function isLockTimeout(error: unknown): boolean {
  return ((error ?? {}) as ErrorWithCode).code === LOCK_NOT_AVAILABLE
}

/** True when the answer to a statement did not come in time: its connection is busy with it still. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/** True when PostgreSQL will not take these values, however often it is asked: classes data exception, integrity, program limit. */
export function isRefused(error: unknown): error is Error {
  const { code } = (error ?? {}) as ErrorWithCode
  return error instanceof Error && typeof code === 'string' && /^(22|23|54)...$/.test(code)
}
