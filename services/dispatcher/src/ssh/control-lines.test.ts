import { describe, expect, it } from '@jest/globals'
import { ControlLineParser } from './control-lines.ts'

const LINE = '\u001enonce exit 0\n'

/** What the parser makes of a stream that is cut into these chunks: neighbouring text is joined. */
function parse(chunks: readonly Buffer[]): { text: string; controls: string[] } {
  const parser = new ControlLineParser('nonce')
  const parts = chunks.flatMap((chunk) => parser.push(chunk))
  const text = parts.flatMap((part) => (part.kind === 'text' ? [part.bytes] : []))
  return {
    text: Buffer.concat([...text, parser.end()]).toString(),
    controls: parts.flatMap((part) => (part.kind === 'control' ? [part.words] : [])),
  }
}

describe('ControlLineParser', () => {
  it('takes control lines out, wherever the stream is cut', () => {
    const stream = Buffer.from(`before€${LINE}between\n${LINE.replace('exit 0', 'ready 7')}after \u001enon`)
    const expected = { text: 'before€between\nafter \u001enon', controls: ['exit 0', 'ready 7'] }
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(parse([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected)
    }
    expect(parse([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected)
  })

  it('keeps the order of text and control lines', () => {
    const parts = new ControlLineParser('nonce').push(Buffer.from(`a${LINE}b`))
    expect(parts.map((part) => (part.kind === 'text' ? part.bytes.toString() : part.words))).toEqual([
      'a',
      'exit 0',
      'b',
    ])
  })

  it('lets pass what only looks like a control line', () => {
    const lookalike = '\u001e\u001eother exit 0\n\u001enonc\u001enonceexit'
    expect(parse([Buffer.from(lookalike)])).toEqual({ text: lookalike, controls: [] })
  })

  it('holds back no more than the beginning of a control line', () => {
    const parser = new ControlLineParser('nonce')
    expect(parser.push(Buffer.from('text\u001enon'))).toEqual([{ kind: 'text', bytes: Buffer.from('text') }])
    expect(parser.push(Buffer.from('sense'))).toEqual([
      { kind: 'text', bytes: Buffer.from('\u001enonsense') },
    ])
  })
})
