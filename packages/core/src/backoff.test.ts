import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { backoffSeconds, HOST_COOLDOWN, RETRY_BACKOFF } from './backoff.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('backoffSeconds', () => {
  it.each([
    [1, 10],
    [2, 20],
    [3, 40],
    [7, 640],
    [8, 900],
    [1_000, 900],
  ])('after failure %d pauses for %d s in the middle of its spread', (failures, seconds) => {
    expect(backoffSeconds(RETRY_BACKOFF, failures, 0.5)).toBeCloseTo(seconds)
  })

  it('stays within 20 % of the cap, whatever comes in', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 1_000_000 }), random, (failures, chance) => {
        const pause = backoffSeconds(HOST_COOLDOWN, failures, chance)
        expect(pause).toBeGreaterThanOrEqual(HOST_COOLDOWN.baseSeconds * 0.8)
        expect(pause).toBeLessThanOrEqual(HOST_COOLDOWN.capSeconds * 1.2)
      }),
    )
  })
})
