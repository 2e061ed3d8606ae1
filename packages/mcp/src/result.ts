import type { CallToolResult } from '@modelcontextprotocol/server'
import { SwitchyardProblem, SwitchyardUnreachable } from '@switchyard/client'
import type { ProblemCode } from '@switchyard/client'
import { NEXT_CALL } from './next-call.ts'
import type { Tool, ToolAnswer } from './tool.ts'

/** The answer as data, and as the same text for clients that show models only text. */
export function answered(answer: ToolAnswer): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: { ...answer } }
}

/**
 * What went wrong, as a result that the model reads: an error of the protocol would be for its program. What nobody expected is
 * thrown again.
 */
export function failed(error: unknown, tool: Pick<Tool, 'inDoubt'>): CallToolResult {
  return { content: [{ type: 'text', text: wordsOf(error, tool) }], isError: true }
}

/** For tools that do no more when they are called twice. */
const REPEAT = 'Call the tool again in some seconds, with the same input.'
/** Nobody knows whether the call was carried out. */
const DOUBTFUL: ReadonlySet<ProblemCode> = new Set(['internal_error', 'database_unavailable'])

function wordsOf(error: unknown, { inDoubt = REPEAT }: Pick<Tool, 'inDoubt'>): string {
  if (error instanceof SwitchyardProblem) {
    const { title, code, happened, requestId, errors, facts } = error
    const known = { ...facts, ...(errors.length === 0 ? {} : { errors }), request_id: requestId }
    return [
      `${title} (${code}).`,
      happened,
      `Facts: ${JSON.stringify(known)}`,
      `Next: ${DOUBTFUL.has(code) ? `${inDoubt} ` : ''}${NEXT_CALL[code]}`,
    ].join('\n')
  }
  if (error instanceof SwitchyardUnreachable) {
    return [
      'The API of Switchyard did not answer.',
      `${error.message}. Nobody knows whether the call was carried out.`,
      `Next: ${inDoubt} Ask the user whether Switchyard runs if it stays like this.`,
    ].join('\n')
  }
  throw error
}
