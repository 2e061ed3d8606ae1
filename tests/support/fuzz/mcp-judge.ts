import { compileValidator } from '@switchyard/contract'
import type { ListedTool, Message } from './mcp-message.ts'
import type { RawAnswer } from './send.ts'

/** JSON-RPC 2.0, 5.1: the server's own fault. */
const INTERNAL_ERROR = -32_603
/** Nothing that is told to a model may end in these. */
const FAILURES = /\((internal_error|database_unavailable)\)/

interface JsonRpcAnswer {
  readonly jsonrpc?: unknown
  readonly id?: unknown
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string }
}

/** What is wrong with an answer of JSON-RPC to a message. */
export function faultsOfRpc(message: Message, { status, text }: RawAnswer): readonly string[] {
  if (status !== 200) return []
  const answer = JSON.parse(text) as JsonRpcAnswer
  return [
    ...(answer.jsonrpc === '2.0' ? [] : ['it is not JSON-RPC 2.0']),
    ...(answer.id === message.id ? [] : ['its id is not that of the request']),
    ...((answer.result === undefined) === (answer.error === undefined)
      ? ['it has not one of result and error']
      : []),
    ...(answer.error?.code === INTERNAL_ERROR && !listsFaults(answer.error.message)
      ? [`an internal error: ${answer.error.message}`]
      : []),
  ]
}

/** The SDK gives parameters that it cannot read the same code, and their faults as the message. */
function listsFaults(message: string): boolean {
  return message.startsWith('[') && message.includes('"path"')
}

export interface ToolVerdict {
  readonly faults: readonly string[]
  /** The tool did what it is for. */
  readonly worked: boolean
}

/** Judges what a call of one tool came to. */
export function createToolJudge({ outputSchema }: ListedTool): (answer: RawAnswer) => ToolVerdict {
  const validate = compileValidator(outputSchema, 'answer')
  return ({ status, text }) => {
    const result = status === 200 ? (JSON.parse(text) as JsonRpcAnswer).result : undefined
    if (result === undefined) return { faults: [], worked: false }
    const [first] = result['content'] as readonly { readonly type: string; readonly text: string }[]
    if (first?.type !== 'text') return { faults: ['it says nothing to the model'], worked: false }
    if (result['isError'] === true) {
      return { faults: FAILURES.test(first.text) ? [first.text] : [], worked: false }
    }
    const data = result['structuredContent']
    const validated = validate(structuredClone(data))
    return {
      worked: true,
      faults: [
        ...(validated.ok ? [] : validated.errors.map(({ path, message }) => `${path} ${message}`)),
        ...(first.text === JSON.stringify(data) ? [] : ['its text is not its data']),
      ],
    }
  }
}
