import { describe, expect, it } from '@jest/globals'
import { clockSkewSeconds } from './survey.ts'

describe('clockSkewSeconds', () => {
  it.each([
    ['the same second', 100, 100_200, 100_300, 0],
    ['a second that began while it was asked', 101, 100_900, 101_100, 0],
    ['a slow answer that may have been read at any time of it', 100, 95_000, 108_000, 0],
    ['ahead', 160, 100_000, 100_200, 60],
    ['behind', 40, 100_000, 100_200, -60],
  ])('%s', (_name, time, asked, answered, expected) => {
    expect(clockSkewSeconds(time, asked, answered)).toBe(expected)
  })
})
