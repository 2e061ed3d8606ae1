import { describe, expect, it } from '@jest/globals'
import { orderByJumps } from './order-by-jumps.ts'

function order(...hosts: (readonly [id: string, proxyJump: string | null])[]) {
  const { ordered, circle } = orderByJumps(hosts.map(([id, proxyJump]) => ({ id, proxyJump })))
  return { ordered: ordered.map(({ id }) => id), circle: circle.map(({ id }) => id) }
}

describe('orderByJumps', () => {
  it('puts a jump host before what is behind it, and leaves the rest as it is', () => {
    expect(order(['c', 'b'], ['x', null], ['b', 'a'], ['y', 'elsewhere'], ['a', null])).toEqual({
      ordered: ['x', 'y', 'a', 'b', 'c'],
      circle: [],
    })
  })

  it('finds circles, also one of a single host', () => {
    expect(order(['a', 'b'], ['b', 'a'], ['c', null]).circle).toEqual(['a', 'b'])
    expect(order(['a', 'a']).circle).toEqual(['a'])
  })
})
