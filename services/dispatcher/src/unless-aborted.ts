/**
 * Waits for the promise, or for the signal, and leaves nothing behind at either. Promise.race does: it adds to the longer-lived of
 * its promises with every call, which is a leak where one of them lives for hours.
 */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | 'aborted'> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve('aborted')
      return
    }
    const onAbort = (): void => resolve('aborted')
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
