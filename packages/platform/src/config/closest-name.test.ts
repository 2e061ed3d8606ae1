import { describe, expect, it } from '@jest/globals'
import { closestName, editDistance } from './closest-name.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'ab', 1],
    ['kitten', 'sitting', 3],
    ['', 'four', 4],
  ])('from %j to %j is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
  })
})

describe('closestName', () => {
  it('finds the nearest candidate', () => {
    expect(closestName('colour', ['flavour', 'color', 'collar'])).toBe('color')
  })

  it('finds nothing when no candidate is near', () => {
    expect(closestName('port', ['database', 'secret'])).toBeUndefined()
  })
})
