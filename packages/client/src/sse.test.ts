import { describe, expect, it } from '@jest/globals'
import { EventStreamParser } from './sse.ts'

function parsed(...pieces: string[]) {
  const parser = new EventStreamParser()
  const events = pieces.flatMap((piece) => parser.push(piece))
  return { events, lastEventId: parser.lastEventId }
}

describe('an event stream', () => {
  it('is the same however it is cut into pieces', () => {
    const text =
      ': hello\n\nevent: log\nid: 7\ndata: {"a":\ndata: 1}\n\nid: 8\n\ndata:x\r\n\r\nevent: left out\n\n'
    const whole = parsed(text)
    expect(whole).toEqual({
      events: [
        { event: 'log', id: '7', data: '{"a":\n1}' },
        { event: 'message', id: '8', data: 'x' },
      ],
      lastEventId: '8',
    })
    expect(parsed(...Array.from(text))).toEqual(whole)
  })

  it('says nothing before an event is complete', () => {
    expect(parsed('event: log\ndata: half')).toEqual({ events: [], lastEventId: '' })
  })
})
