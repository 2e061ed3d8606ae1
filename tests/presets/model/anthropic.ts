import type { Json, Protocol, Said } from './protocol.ts'
import { namesIn, objectsIn, writeEvents, writeJson } from './protocol.ts'

/** https://docs.anthropic.com/en/api/messages and …/messages-streaming */
export const anthropic: Protocol = {
  fits: (path) => path.startsWith('/v1/messages'),
  read: (body) => ({
    tools: namesIn(objectsIn(body['tools'])),
    afterTool: objectsIn(body['messages'])
      .flatMap(({ content }) => objectsIn(content))
      .some(({ type }) => type === 'tool_result'),
  }),
  write(response, said, { path, body }) {
    if (path.includes('count_tokens')) {
      writeJson(response, 200, { input_tokens: 100 })
      return
    }
    const content = contentOf(said)
    const stop = said.kind === 'tool' ? 'tool_use' : 'end_turn'
    const message = {
      ...{ id: 'msg_stub', type: 'message', role: 'assistant', model: body['model'] },
      ...{ stop_sequence: null, usage: { input_tokens: 100, output_tokens: 10 } },
    }
    if (body['stream'] !== true) {
      writeJson(response, 200, { ...message, content, stop_reason: stop })
      return
    }
    const events: Json[] = [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      ...content.flatMap((block, index) => eventsOf(block, index)),
      {
        type: 'message_delta',
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 10 },
      },
      { type: 'message_stop' },
    ]
    writeEvents(
      response,
      events.map((data) => ({ event: String(data['type']), data })),
    )
  },
}

function contentOf(said: Said): Json[] {
  if (said.kind === 'tool')
    return [{ type: 'tool_use', id: 'toolu_stub', name: said.name, input: said.input }]
  return said.text === '' ? [] : [{ type: 'text', text: said.text }]
}

function eventsOf(block: Json, index: number): Json[] {
  const isTool = block['type'] === 'tool_use'
  const delta = isTool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }
    : { type: 'text_delta', text: block['text'] }
  return [
    {
      ...{ type: 'content_block_start', index },
      content_block: isTool ? { ...block, input: {} } : { ...block, text: '' },
    },
    { type: 'content_block_delta', index, delta },
    { type: 'content_block_stop', index },
  ]
}
