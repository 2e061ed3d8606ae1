import fc from 'fast-check'
import { arbitraryFor, oddText } from '../arbitrary-for-schema.ts'
import type { JsonSchema } from '../arbitrary-for-schema.ts'
import type { Situation } from './situations.ts'

/** A tool as the server lists it. */
export interface ListedTool {
  readonly name: string
  readonly inputSchema: JsonSchema
  readonly outputSchema: object
}

export interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly [member: string]: unknown
}

/** Waiting ends at once, or is refused. */
const WAITS: JsonSchema = { enum: [0, 0.001] }

/** Calls of a tool, most of which fit what it says it takes. */
export function toolCallFor(tool: ListedTool, situations: readonly Situation[]): fc.Arbitrary<Message> {
  const { properties = {} } = tool.inputSchema
  const waits = 'wait_seconds' in properties
  const schema = waits
    ? { ...tool.inputSchema, properties: { ...properties, wait_seconds: WAITS } }
    : tool.inputSchema
  const input = fc.oneof(
    ...situations.flatMap(({ known }) => [
      { weight: 3, arbitrary: arbitraryFor(schema, { known, odd: false }) },
      { weight: 2, arbitrary: arbitraryFor(schema, { known, odd: true }) },
    ]),
  )
  return fc.record({ id: idOfCall, input }).map(({ id, input: given }) => {
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
    const bounded = waits && isObject ? { wait_seconds: 0, ...given } : given
    return { jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool.name, arguments: bounded } }
  })
}

const idOfCall = fc.oneof(fc.integer(), fc.string())

/** What is no call of a tool, or none that anybody should send. Nothing in it waits. */
export const strangeMessage: fc.Arbitrary<Message> = fc
  .record(
    {
      jsonrpc: fc.oneof(
        { weight: 9, arbitrary: fc.constant<unknown>('2.0') },
        { weight: 1, arbitrary: oddText },
      ),
      id: fc.oneof(idOfCall, fc.constantFrom<unknown>(null, 0.5, true, [], {})),
      method: fc.oneof(
        fc.constantFrom<unknown>(
          ...['initialize', 'ping', 'tools/list', 'tools/call', 'resources/list', 'prompts/get'],
          ...[
            'notifications/initialized',
            'notifications/cancelled',
            'server/discover',
            'subscriptions/listen',
            5,
            null,
          ],
        ),
        oddText,
      ),
      params: fc.oneof(
        fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
        fc.constantFrom<unknown>(
          { name: 'no_such_tool', arguments: {} },
          { name: 'get_task', arguments: [] },
          { name: '__proto__', arguments: {} },
          { cursor: 'nonsense' },
          { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
          { protocolVersion: 5 },
          { requestId: 1, _meta: { progressToken: {} } },
        ),
      ),
    },
    { requiredKeys: ['jsonrpc'] },
  )
  .map((message) => ({ ...message }))

/** Revisions that are named in the header, with what they ask for and without. */
export const revisionHeaders = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { 'mcp-protocol-version': '2025-06-18' },
  { 'mcp-protocol-version': '2026-07-28' },
  { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' },
  { 'mcp-protocol-version': 'nonsense' },
  { 'mcp-session-id': 'nobody-has-this' },
)
