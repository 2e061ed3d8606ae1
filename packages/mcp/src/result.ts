import type { CallToolResult } from '@modelcontextprotocol/server'
import { SwitchyardProblem, SwitchyardUnreachable } from '@switchyard/client'
import { NEXT_CALL } from './next-call.ts'
import type { ToolAnswer } from './tool.ts'

/** The answer as data, and as the same text for clients that show models only text. */
export function answered(answer: ToolAnswer): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: { ...answer } }
}

/**
 * What went wrong, as a result that the model reads: an error of the protocol would be for its program. What nobody expected is
 * thrown again.
 */
export function failed(error: unknown): CallToolResult {
  return { content: [{ type: 'text', text: wordsOf(error) }], isError: true }
}

function wordsOf(error: unknown): string {
  if (error instanceof SwitchyardProblem) {
    const { title, code, detail, requestId, errors, facts } = error
    const known = { ...facts, ...(errors.length === 0 ? {} : { errors }), request_id: requestId }
    return [
      `${title} (${code}).`,
      detail,
      `Facts: ${JSON.stringify(known)}`,
      `Next: ${NEXT_CALL[code]}`,
    ].join('\n')
  }
  if (error instanceof SwitchyardUnreachable) {
    return [
      'The API of Switchyard did not answer.',
      `${error.message}. Nobody knows whether the call arrived.`,
      'Next: call the tool again; if it happens again, ask the user whether Switchyard runs.',
    ].join('\n')
  }
  throw error
}
