import { describe, expect, it } from '@jest/globals'
import { LastLines } from './last-lines.ts'

function lastLinesOf(...pieces: string[]): string {
  const lines = new LastLines()
  for (const piece of pieces) lines.add(piece)
  return lines.read()
}

describe('the last lines', () => {
  it('are the last twenty', () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${index}\n`)
    expect(lastLinesOf(...text).split('\n')).toEqual(
      Array.from({ length: 20 }, (_, index) => `line ${index + 10}`),
    )
  })

  it('are no more than 4096 characters, and cut none in two', () => {
    const text = lastLinesOf('🚆'.repeat(5000))
    expect(text.length).toBeLessThanOrEqual(4096 * 2)
    expect(text).toBe('🚆'.repeat(text.length / 2))
  })

  it('are without what moves the cursor or names the window', () => {
    expect(
      lastLinesOf('\u001b]0;title\u0007a\u001b[2K\u001b[1;31mb\u001b[0m\u001b(Bc\u001b]8;;http://x\u001b\\d'),
    ).toBe('abcd')
  })

  it('are without colours, overwritten progress, and what PostgreSQL cannot store', () => {
    expect(lastLinesOf('\u001b[31mred\u001b[0m\r\n', '10 %\r', '100 %\r\n', 'a\u0000b\ud83d\tc\n\n')).toBe(
      'red\n100 %\nab  c',
    )
  })
})
