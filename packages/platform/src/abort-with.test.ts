import { getEventListeners } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { abortWith } from './abort-with.ts'

describe('a controller that aborts with a signal', () => {
  it('does so at once, or when that aborts', () => {
    const [stop, late, early] = [new AbortController(), new AbortController(), new AbortController()]
    abortWith(early, stop.signal)
    expect(early.signal.aborted).toBe(false)
    stop.abort()
    abortWith(late, stop.signal)
    expect([early, late].map(({ signal }) => signal.aborted)).toEqual([true, true])
  })

  it('does so no longer when that was ended, and leaves nothing on the signal', () => {
    const [stop, controller] = [new AbortController(), new AbortController()]
    abortWith(controller, stop.signal)()
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    stop.abort()
    expect(controller.signal.aborted).toBe(false)
  })
})
