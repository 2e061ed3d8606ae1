/**
 * Aborts the controller when the signal aborts; what it returns makes an end to that. AbortSignal.any leaves a reference on each of its
 * signals that only their own abort removes: one that lives as long as the process would gather them for as long.
 */
export function abortWith(controller: AbortController, signal: AbortSignal): () => void {
  const abort = (): void => controller.abort()
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}
