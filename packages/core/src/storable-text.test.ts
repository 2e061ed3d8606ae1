import { describe, expect, it } from '@jest/globals'
import { cutText, isStorable, storableJson, storableText } from './storable-text.ts'

describe('storable text', () => {
  it('has neither NUL nor halves of characters', () => {
    expect(storableText('a\0b\ud83dc 🚀')).toBe('ab\ufffdc 🚀')
    expect(storableText(null)).toBeNull()
  })

  it('is all that its JSON has', () => {
    const value = { text: 'a\0', list: ['\ud83d', 1, null], more: { text: '🚀' } }
    expect(JSON.parse(storableJson(value))).toEqual({
      text: 'a',
      list: ['\ufffd', 1, null],
      more: { text: '🚀' },
    })
  })

  it('is looked for in all of a value, its names too', () => {
    const value = { text: 'a 🚀', list: [1, null, true], '🚀': {} }
    expect(isStorable(value)).toBe(true)
    for (const odd of ['\0', '\ud83d'])
      for (const more of [odd, [{ text: odd }], { more: { [odd]: 1 } }])
        expect(isStorable({ ...value, more })).toBe(false)
  })

  it('is cut between characters', () => {
    expect(cutText('🚀🚀🚀', 3)).toBe('🚀🚀🚀')
    expect(cutText('🚀🚀🚀🚀', 3)).toBe('🚀🚀…')
  })
})
