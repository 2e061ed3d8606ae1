const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago an instant was, in one unit: `12 s`, `3 min`, `5 h`, `8 d`. Of the future: `in 3 min`. */
export function ageOf(instant: string, now: number): string {
  const seconds = Math.round((now - Date.parse(instant)) / 1_000)
  return seconds < 0 ? `in ${duration(-seconds)}` : duration(seconds)
}

/** A number of seconds in one unit. */
export function duration(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${String(Math.round(seconds))} s`
  if (seconds < 2 * HOUR) return `${String(Math.floor(seconds / MINUTE))} min`
  if (seconds < 2 * DAY) return `${String(Math.floor(seconds / HOUR))} h`
  return `${String(Math.floor(seconds / DAY))} d`
}

/** An instant, and how long ago it was. */
export function instant(time: string | null, now: number): string | null {
  if (time === null) return null
  const age = ageOf(time, now)
  return `${time} (${age.startsWith('in ') ? age : `${age} ago`})`
}
