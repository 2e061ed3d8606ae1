import { describe, expect, it } from '@jest/globals'
import { wholeCharacters } from './whole-characters.ts'

const text = 'aé€🚆z'
const bytes = Buffer.from(text)

describe('wholeCharacters', () => {
  it.each(Array.from({ length: bytes.length + 1 }, (_, cut) => cut))(
    'cut at byte %i, joins to the same text',
    (cut) => {
      const first = wholeCharacters(bytes.subarray(0, cut), false)
      const rest = wholeCharacters(bytes.subarray(first.bytes), true)
      expect(first.text + rest.text).toBe(text)
      expect(first.bytes + rest.bytes).toBe(bytes.length)
    },
  )

  it('holds nothing back at the end of everything', () => {
    expect(wholeCharacters(bytes.subarray(0, 2), true)).toEqual({ text: 'a\ufffd', bytes: 2 })
  })

  it('is not held up by bytes that are no UTF-8', () => {
    expect(wholeCharacters(Buffer.from([0x80, 0x80, 0x80, 0x80]), false).bytes).toBe(4)
    expect(wholeCharacters(Buffer.alloc(0), false)).toEqual({ text: '', bytes: 0 })
  })
})
