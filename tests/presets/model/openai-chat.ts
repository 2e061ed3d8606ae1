import type { Json, Protocol, Said } from './protocol.ts'
import { namesIn, objectsIn, writeEvents } from './protocol.ts'

/** https://platform.openai.com/docs/api-reference/chat-streaming */
export const openaiChat: Protocol = {
  fits: (path) => path.endsWith('/chat/completions'),
  read: (body) => ({
    tools: namesIn(objectsIn(objectsIn(body['tools']).map((each) => each['function']))),
    afterTool: objectsIn(body['messages']).some(({ role }) => role === 'tool'),
  }),
  write(response, said, { body }) {
    const chunk = (delta: Json, reason: string | null): Json => ({
      ...{ id: 'chatcmpl-stub', object: 'chat.completion.chunk', created: 0, model: body['model'] },
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
    writeEvents(response, [
      { data: chunk({ role: 'assistant', ...deltaOf(said) }, null) },
      {
        data: {
          ...chunk({}, said.kind === 'tool' ? 'tool_calls' : 'stop'),
          usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
        },
      },
      { data: '[DONE]' },
    ])
  },
}

function deltaOf(said: Said): Json {
  if (said.kind === 'text') return { content: said.text }
  const call = { name: said.name, arguments: JSON.stringify(said.input) }
  return { tool_calls: [{ index: 0, id: 'call_stub', type: 'function', function: call }] }
}
