import { describe, expect, it } from '@jest/globals'
import { holdsMoreThan, isDeeperThan } from './nesting.ts'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

describe('isDeeperThan', () => {
  it('allows exactly as many levels as it says', () => {
    expect([isDeeperThan(3, nested(3)), isDeeperThan(3, nested(4))]).toEqual([false, true])
    expect([isDeeperThan(1, { a: 1 }), isDeeperThan(1, { a: {} })]).toEqual([false, true])
    for (const value of [null, 'text', 5]) expect(isDeeperThan(0, value)).toBe(false)
  })

  it('sees the deep one among many, however deep it is', () => {
    expect(isDeeperThan(100, [1, { a: [nested(1_000_000)] }])).toBe(true)
  })
})

describe('holdsMoreThan', () => {
  it('counts every value, itself included', () => {
    const value = { a: [1, 2, { b: null }], c: 'text' }
    expect([holdsMoreThan(7, value), holdsMoreThan(6, value)]).toEqual([false, true])
    expect([holdsMoreThan(1, 5), holdsMoreThan(0, 5)]).toEqual([false, true])
  })

  it('stops where it knows', () => {
    expect(holdsMoreThan(1_000, nested(1_000_000))).toBe(true)
  })
})
