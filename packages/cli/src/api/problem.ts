import { endingOf } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { terminalLine, terminalText } from '../output/terminal-text.ts'
import type { Settings } from '../settings/settings.ts'

/** What is read of a problem document (RFC 9457). Any of it may be missing: a proxy may have answered. */
interface ProblemDocument {
  readonly title?: unknown
  readonly detail?: unknown
  readonly code?: unknown
  readonly request_id?: unknown
}

/** The failure that an answer other than 2xx stands for: title, what happened, and the next call, as the API says it. */
export async function failureOf(response: Response, settings: Settings): Promise<Failure> {
  const text = await response.text().catch(() => '')
  const problem = parseProblem(text)
  const ending = endingOf(response.status)
  if (problem === null) {
    const words =
      `${settings.url} answered ${String(response.status)} ${terminalLine(response.statusText)}`.trim()
    return new Failure(
      ending,
      `${words}, and not as Switchyard does.`,
      `Check the URL (from ${settings.urlFrom}).`,
    )
  }
  const title = `${textOf(problem.title)} (${textOf(problem.code)})`
  const detail = terminalText(typeof problem.detail === 'string' ? problem.detail : '')
  return new Failure(
    ending,
    title,
    [detail, hintOf(response.status, settings)].filter((part) => part !== '').join('\n'),
    problem,
  )
}

function hintOf(status: number, { token, tokenFrom, url }: Settings): string {
  if (status !== 401 && status !== 403) return ''
  if (token === null)
    return `No token was sent to ${url}: set SWITCHYARD_TOKEN, or see switchyard config --help.`
  return `The token is from ${tokenFrom ?? 'nowhere'}.`
}

function parseProblem(text: string): ProblemDocument | null {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null && 'code' in document ? document : null
  } catch {
    return null
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? terminalLine(value) : ''
}
