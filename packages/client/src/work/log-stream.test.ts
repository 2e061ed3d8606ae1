import { describe, expect, it } from '@jest/globals'
import { REAL_TIMING } from '../timing.ts'
import { LogStream } from './log-stream.ts'

/** A server that stores what it is sent, as far as `stores` says it takes one piece. */
function open(stores: (text: string) => string = (text) => text) {
  const log = { bytes: 0, text: '', lost: [] as string[] }
  const stream = new LogStream({
    timing: { ...REAL_TIMING, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    append(offset, text) {
      expect(offset).toBe(log.bytes)
      const stored = stores(text)
      log.text += stored
      log.bytes += new TextEncoder().encode(stored).length
      return Promise.resolve({ next_offset: log.bytes, directive: 'continue' })
    },
    onCancel: () => undefined,
    onLeaseLost: (reason) => log.lost.push(reason),
    onLogLost: (reason) => log.lost.push(reason),
  })
  return { log, stream }
}

describe('the log of a task', () => {
  it('keeps a byte order mark, wherever a piece begins with one', async () => {
    const { log, stream } = open()
    for (const text of ['\ufeffbegin ', '\ufeff', '\ufeffend']) {
      stream.write(text)
      await stream.flushed()
    }
    expect(log).toEqual({ bytes: 18, text: '\ufeffbegin \ufeff\ufeffend', lost: [] })
  })

  it('goes on where the server says', async () => {
    const { log, stream } = open((text) => text.slice(0, 4))
    stream.write('one two three')
    await stream.flushed()
    expect(log).toEqual({ bytes: 13, text: 'one two three', lost: [] })
  })
})
