import { SwitchyardProblem, SwitchyardUnreachable } from '@switchyard/client'
import { endingOf, endingOfStranger } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { NEXT_COMMAND } from './next-command.ts'
import { terminalLine, terminalText } from './output/terminal-text.ts'
import type { Settings } from './settings/settings.ts'

/** What the client threw, in words for the terminal; anything else as it is. */
export function toFailure(error: unknown, settings: Settings): unknown {
  if (error instanceof SwitchyardProblem) return refused(error, settings)
  if (error instanceof SwitchyardUnreachable) return unreachable(error, settings)
  return error
}

/** What happened and what is true now, as the API says it; the next call as a command line. */
function refused(problem: SwitchyardProblem, settings: Settings): Failure {
  const { title, status, detail, happened, next, code, requestId, errors, facts } = problem
  const told = [
    terminalText(happened),
    // Of a code that this version does not know yet, the API's own words.
    Object.hasOwn(NEXT_COMMAND, code) ? NEXT_COMMAND[code] : terminalText(next),
    hintOf(problem, settings),
    status >= 500 ? `Request id: ${terminalLine(requestId)}` : '',
  ]
  return new Failure(
    endingOf(status, code),
    `${terminalLine(title)} (${terminalLine(code)})`,
    told.filter((part) => part !== '').join('\n'),
    {
      type: `urn:switchyard:problem:${code}`,
      title,
      status,
      detail,
      next,
      code,
      request_id: requestId,
      ...(errors.length === 0 ? {} : { errors }),
      ...facts,
    },
  )
}

function hintOf({ status, code }: SwitchyardProblem, settings: Settings): string {
  const { token, tokenFrom, url, urlFrom } = settings
  if (code === 'route_not_found' || code === 'method_not_allowed') return `The URL ${url} is from ${urlFrom}.`
  if (status !== 401 && status !== 403) return ''
  if (token === null)
    return `No token was sent to ${url}: set SWITCHYARD_TOKEN, or see switchyard config --help.`
  return `The token is from ${tokenFrom ?? 'nowhere'}.`
}

function unreachable(error: SwitchyardUnreachable, { url, urlFrom }: Settings): Failure {
  const words = terminalLine(error.message)
  return new Failure(
    endingOfStranger(error.status),
    /[.!?]$/.test(words) ? words : `${words}.`,
    [
      `The URL ${url} is from ${urlFrom}.`,
      error.status === null
        ? 'Does Switchyard run there?'
        : 'Is it the right one? It is that of the API, such as http://127.0.0.1:8080.',
      `Try: curl ${url}/healthz`,
    ].join('\n'),
  )
}
