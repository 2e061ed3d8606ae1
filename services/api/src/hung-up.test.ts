import { describe, expect, it } from '@jest/globals'
import type { AgentClaim } from '@switchyard/store'
import { createHungUp } from './hung-up.ts'

const CLAIM = { agentId: 'ada', leaseToken: 'one' } as AgentClaim

function stage() {
  const givenBack: AgentClaim[] = []
  return { givenBack, hungUp: createHungUp((claim) => givenBack.push(claim)) }
}

describe('a claim', () => {
  it('that its caller heard of is never given back', () => {
    const { givenBack, hungUp } = stage()
    const call = hungUp.begin('ada', null)
    call.decided(CLAIM)
    call.closed(true)
    expect(givenBack).toEqual([])
  })

  it.each([
    ['before', ['closed', 'decided']],
    ['after', ['decided', 'closed']],
  ])('is given back when the caller hung up %s it was made', (_, order) => {
    const { givenBack, hungUp } = stage()
    const call = hungUp.begin('ada', null)
    for (const step of order) {
      expect(givenBack).toEqual([])
      if (step === 'closed') call.closed(false)
      else call.decided(CLAIM)
    }
    expect(givenBack).toEqual([CLAIM])
  })

  it('is not given back while the same request, repeated, may still hear of it', () => {
    const { givenBack, hungUp } = stage()
    const [first, repeated] = [hungUp.begin('ada', 'key'), hungUp.begin('ada', 'key')]
    first.closed(false)
    first.decided(CLAIM)
    expect(givenBack).toEqual([])
    repeated.decided(CLAIM)
    repeated.closed(true)
    expect(givenBack).toEqual([])
  })

  it('that the repetition heard of first stays with the caller', () => {
    const { givenBack, hungUp } = stage()
    const [first, repeated] = [hungUp.begin('ada', 'key'), hungUp.begin('ada', 'key')]
    first.decided(CLAIM)
    repeated.decided(CLAIM)
    repeated.closed(true)
    first.closed(false)
    expect(givenBack).toEqual([])
  })

  it('is given back once when nobody heard of it, also when the last one was told of none', () => {
    const { givenBack, hungUp } = stage()
    const [first, repeated] = [hungUp.begin('ada', 'key'), hungUp.begin('ada', 'key')]
    first.closed(false)
    first.decided(CLAIM)
    repeated.decided(null)
    repeated.closed(true)
    expect(givenBack).toEqual([CLAIM])
  })

  it('of another key, or of another agent, is another one', () => {
    const { givenBack, hungUp } = stage()
    hungUp.begin('ada', 'other')
    hungUp.begin('bob', 'key')
    const call = hungUp.begin('ada', 'key')
    call.decided(CLAIM)
    call.closed(false)
    expect(givenBack).toEqual([CLAIM])
  })
})
