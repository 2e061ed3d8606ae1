import { SwitchyardProblem, SwitchyardUnreachable } from '@switchyard/client'
import { endingOf } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { terminalLine, terminalText } from './output/terminal-text.ts'
import type { Settings } from './settings/settings.ts'

/** What the client threw, in words for the terminal; anything else as it is. */
export function toFailure(error: unknown, settings: Settings): unknown {
  if (error instanceof SwitchyardProblem) return refused(error, settings)
  if (error instanceof SwitchyardUnreachable) return unreachable(error, settings)
  return error
}

/** Title, what happened, and the next call, as the API says it. */
function refused(problem: SwitchyardProblem, settings: Settings): Failure {
  const { title, status, detail, code, requestId, errors, facts } = problem
  const next = [terminalText(detail), hintOf(status, settings)].filter((part) => part !== '').join('\n')
  return new Failure(endingOf(status, code), `${terminalLine(title)} (${terminalLine(code)})`, next, {
    type: `urn:switchyard:problem:${code}`,
    title,
    status,
    detail,
    code,
    request_id: requestId,
    ...(errors.length === 0 ? {} : { errors }),
    ...facts,
  })
}

function hintOf(status: number, { token, tokenFrom, url }: Settings): string {
  if (status !== 401 && status !== 403) return ''
  if (token === null)
    return `No token was sent to ${url}: set SWITCHYARD_TOKEN, or see switchyard config --help.`
  return `The token is from ${tokenFrom ?? 'nowhere'}.`
}

function unreachable(error: SwitchyardUnreachable, { url, urlFrom }: Settings): Failure {
  const ending = error.status === null ? 'unreachable' : endingOf(error.status)
  return new Failure(
    ending === 'ok' ? 'failed' : ending,
    `${terminalLine(error.message)}.`,
    `The URL is from ${urlFrom}. Is Switchyard running there? Try: curl ${url}/healthz`,
  )
}
