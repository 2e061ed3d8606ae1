const START = Date.UTC(2030, 0, 1)

/** An instant of the tests' clock, so many seconds after its beginning. */
export function at(seconds: number): Date {
  return new Date(START + seconds * 1000)
}
