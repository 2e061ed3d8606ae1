import { describe, expect, it } from '@jest/globals'
import { pauseMilliseconds, retryAfterOf } from './backoff.ts'

describe('the pause before a repetition', () => {
  it('doubles up to ten seconds, and is spread', () => {
    expect([1, 2, 3, 10, 1000].map((failures) => pauseMilliseconds(failures, null, 0))).toEqual([
      125, 250, 500, 5000, 5000,
    ])
    expect(pauseMilliseconds(1, null, 0.5)).toBe(187.5)
  })

  it('is never shorter than the server asks for', () => {
    expect(pauseMilliseconds(1, 3, 0)).toBe(3000)
    expect(pauseMilliseconds(9, 1, 0)).toBe(5000)
  })
})

it.each([
  ['5', 5],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', null],
])('Retry-After: %s is %s s', (value, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }))).toBe(seconds)
})
