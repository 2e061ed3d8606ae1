import type { Json, Protocol, Said } from './protocol.ts'
import { namesIn, objectsIn, writeEvents } from './protocol.ts'

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiResponses: Protocol = {
  fits: (path) => path.endsWith('/responses'),
  read: (body) => ({
    tools: namesIn(objectsIn(body['tools'])),
    afterTool: objectsIn(body['input']).some(({ type }) => type === 'function_call_output'),
  }),
  write(response, said) {
    const output = outputOf(said)
    const id = 'resp_stub'
    const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 }
    const events: Json[] = [
      { type: 'response.created', response: { id } },
      ...output.map((item, index) => ({
        type: 'response.output_item.done',
        output_index: index,
        item,
      })),
      { type: 'response.completed', response: { id, status: 'completed', output, usage } },
    ]
    writeEvents(
      response,
      events.map((data) => ({ event: String(data['type']), data })),
    )
  },
}

function outputOf(said: Said): Json[] {
  if (said.kind === 'tool') {
    const { name, input } = said
    return [
      {
        ...{ type: 'function_call', id: 'fc_stub', call_id: 'call_stub', name },
        arguments: JSON.stringify(input),
      },
    ]
  }
  if (said.text === '') return []
  const content = [{ type: 'output_text', text: said.text, annotations: [] }]
  return [{ type: 'message', id: 'msg_stub', role: 'assistant', status: 'completed', content }]
}
