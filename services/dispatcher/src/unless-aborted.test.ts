import { getEventListeners } from 'node:events'
import { expect, it } from '@jest/globals'
import { unlessAborted } from './unless-aborted.ts'

it('waits for whichever is first, and leaves no listener behind', async () => {
  const { signal } = new AbortController()
  for (let retry = 0; retry < 3; retry += 1) expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7)
  await expect(unlessAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('is over with the signal, also one that has aborted before', async () => {
  const controller = new AbortController()
  const never = new Promise(() => undefined)
  const waiting = unlessAborted(controller.signal, never)
  controller.abort()
  expect(await waiting).toBe('aborted')
  expect(await unlessAborted(controller.signal, never)).toBe('aborted')
})
