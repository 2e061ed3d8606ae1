const BASE_MILLISECONDS = 250
const CAP_MILLISECONDS = 10_000

/**
 * Milliseconds to pause after the `failures`th failure in a row: they double from 250 ms up to 10 s, and are spread over
 * the upper half of that, so that clients which failed together do not come back together. A server that names a time
 * (`Retry-After`, in seconds) is not asked earlier.
 */
export function pauseMilliseconds(failures: number, retryAfter: number | null, random: number): number {
  const pause = Math.min(BASE_MILLISECONDS * 2 ** Math.min(failures - 1, 20), CAP_MILLISECONDS)
  const spread = pause * (0.5 + 0.5 * random)
  return retryAfter === null ? spread : Math.max(spread, retryAfter * 1000 * (1 + 0.2 * random))
}

/** The seconds of a Retry-After header (RFC 9110, 10.2.3): a number of seconds, or an HTTP date. */
export function retryAfterOf(headers: Headers): number | null {
  const value = headers.get('retry-after')
  if (value === null) return null
  if (/^\d+$/.test(value.trim())) return Number(value)
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000)
}
