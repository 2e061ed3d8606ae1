import type { Json, Protocol, Said } from './protocol.ts'
import { namesIn, objectsIn, writeEvents, writeJson } from './protocol.ts'

/** https://ai.google.dev/api/generate-content */
export const gemini: Protocol = {
  fits: (path) => /:(streamGenerateContent|generateContent|countTokens)$/.test(path),
  read: (body) => ({
    tools: objectsIn(body['tools']).flatMap((each) => namesIn(objectsIn(each['functionDeclarations']))),
    afterTool: objectsIn(body['contents'])
      .flatMap(({ parts }) => objectsIn(parts))
      .some((part) => 'functionResponse' in part),
  }),
  write(response, said, { path }) {
    if (path.endsWith(':countTokens')) {
      writeJson(response, 200, { totalTokens: 100 })
      return
    }
    const answer = {
      candidates: [{ content: { role: 'model', parts: [partOf(said)] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 },
    }
    if (path.endsWith(':streamGenerateContent')) writeEvents(response, [{ data: answer }])
    else writeJson(response, 200, answer)
  },
}

function partOf(said: Said): Json {
  return said.kind === 'tool' ? { functionCall: { name: said.name, args: said.input } } : { text: said.text }
}
