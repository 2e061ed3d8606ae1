import { abortWith } from '@switchyard/platform'
import type { Response } from 'express'

/** Aborts when the caller is gone or was answered, and when the process is to end. */
export function callSignal(response: Response, stopping: AbortSignal): AbortSignal {
  const over = new AbortController()
  const unfollow = abortWith(over, stopping)
  const end = (): void => {
    unfollow()
    over.abort()
  }
  // Who hung up while the call was looked at is not heard of again.
  if (response.destroyed) end()
  else response.once('close', end)
  return over.signal
}
