import { describe, expect, it } from '@jest/globals'
import { cutText, storableJson, storableText } from './storable-text.ts'

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

  it('is cut between characters', () => {
    expect(cutText('🚀🚀🚀', 3)).toBe('🚀🚀🚀')
    expect(cutText('🚀🚀🚀🚀', 3)).toBe('🚀🚀…')
  })
})
