import { parseResultFile } from './result-file.ts'
import { signalOfCode } from './signal-of-code.ts'
import { cutText } from './storable-text.ts'
import type { TaskError } from './task.ts'

const LONGEST_LAST_LINE = 300

/** How a command ended. */
export interface RunExit {
  readonly code: number
  /** It was ended because its time was over. */
  readonly timedOut: boolean
  /** What it left in SWITCHYARD_RESULT_FILE; null: nothing. */
  readonly resultFile: string | null
}

export interface RunExitFacts {
  /** Where it ran: `on host builder`. */
  readonly where: string
  readonly timeoutSeconds: number
  /** The last lines of its output. */
  readonly summary: string
  /** What it was given by its host or agent. `SWITCHYARD_REQUIRE_OUTPUT=1`: ending without a word is no success. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export type RunMeaning =
  | { readonly kind: 'complete'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'fail'; readonly error: TaskError; readonly retryable: boolean }

/**
 * Exit code 0 is success and nothing else is; where output is required, neither is silence. The result is what the command left in its
 * file, else its last lines.
 */
export function meaningOfExit(exit: RunExit, facts: RunExitFacts): RunMeaning {
  const { where, timeoutSeconds } = facts
  if (exit.timedOut) {
    return fail(
      'timed_out',
      `The command was ended ${where} after ${timeoutSeconds} s, its time limit.`,
      facts,
    )
  }
  if (exit.code === 0) {
    if (exit.resultFile === null && facts.summary === '' && facts.env['SWITCHYARD_REQUIRE_OUTPUT'] === '1') {
      return fail(
        'no_output',
        `The command exited with code 0 ${where}, but printed nothing and left no result.`,
        facts,
      )
    }
    const given = exit.resultFile === null ? null : parseResultFile(exit.resultFile)
    const summary = typeof given?.['summary'] === 'string' ? given['summary'] : facts.summary
    return { kind: 'complete', result: { ...given, summary, exit_code: 0 } }
  }
  const signal = signalOfCode(exit.code)
  return signal === null
    ? fail('exit_code', `The command exited with code ${exit.code} ${where}.`, facts)
    : fail('killed_by_signal', `The command was killed by ${signal} ${where}.`, facts)
}

function fail(code: string, message: string, { summary }: RunExitFacts): RunMeaning {
  const lastLine = summary.split('\n').at(-1) ?? ''
  const told = lastLine === '' ? message : `${message} Its last line: ${cutText(lastLine, LONGEST_LAST_LINE)}`
  return { kind: 'fail', error: { code, message: told }, retryable: true }
}
