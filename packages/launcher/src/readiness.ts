import { systemClock } from '@switchyard/platform'

const POLL_MILLISECONDS = 100
const REQUEST_MILLISECONDS = 5_000

/** Waits until a service answers its readiness path with 200. Throws with the last answer when that takes too long, or on abort. */
export async function waitUntilReady(url: string, milliseconds: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + milliseconds
  for (;;) {
    signal.throwIfAborted()
    const answer = await ask(url, signal)
    if (answer === null) return
    if (performance.now() > deadline)
      throw new Error(`${url} is not ready after ${milliseconds / 1000} s: ${answer}`)
    await systemClock.sleep(POLL_MILLISECONDS, signal)
  }
}

/** Null when ready, else why not. */
async function ask(url: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MILLISECONDS)]),
    })
    const body = await response.text()
    return response.status === 200 ? null : `${response.status} ${body}`
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message : String(cause)
  }
}
