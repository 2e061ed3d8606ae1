import { Failure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'

/** The failure of a request that got no answer. */
export function unreachable({ url, urlFrom }: Settings, error: unknown): Failure {
  return new Failure(
    'unreachable',
    `${url} cannot be reached: ${causeOf(error)}.`,
    `The URL is from ${urlFrom}. Is Switchyard running there? Try: curl ${url}/healthz`,
  )
}

/** What went wrong in fetch stands in its cause; a name with several addresses has a cause for each. */
function causeOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(causeOf))].join('; ')
  if (error instanceof Error && error.cause !== undefined) return causeOf(error.cause)
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return error.message === '' ? (code ?? error.name) : error.message
}
