import Type from 'typebox'
import { route } from '../route.ts'

const JsonRpcMessage = Type.Object(
  { jsonrpc: Type.Literal('2.0') },
  {
    additionalProperties: true,
    examples: [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }],
    description: 'One message of JSON-RPC 2.0, as MCP has it.',
  },
)

const JsonRpcError = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    error: Type.Object({ code: Type.Integer(), message: Type.String() }, { additionalProperties: true }),
  },
  { additionalProperties: true },
)

export const callMcp = route({
  operationId: 'callMcp',
  method: 'post',
  path: '/mcp',
  tag: 'MCP',
  summary: 'Speak MCP: tools for language models',
  description:
    'The Model Context Protocol over streamable HTTP, without sessions, in its revision 2026-07-28 and those before it. Point an MCP client here with the same token; docs/mcp.md says how. A token sees the tools of its role. Send `Accept: application/json, text/event-stream`, as MCP asks; the answer is JSON.',
  roles: ['admin', 'coordinator', 'agent'],
  body: JsonRpcMessage,
  answers: {
    200: {
      description: 'The answer to the message, which may be an error of a tool.',
      schema: JsonRpcMessage,
    },
    202: { description: 'A notification was taken; it has no answer.', schema: null },
    400: {
      description: 'The message or its headers are not MCP: an error of JSON-RPC, or `invalid_request`.',
      schema: JsonRpcError,
    },
    404: {
      description: 'There is no such method in the revision that the request names.',
      schema: JsonRpcError,
    },
    406: { description: 'The Accept header does not name both types.', schema: JsonRpcError },
  },
  problems: ['origin_not_allowed'],
})
