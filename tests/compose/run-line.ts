/** One thing that whoever executed a task wrote down at that moment. */
export interface RunLine {
  /** Tells runs apart, should one attempt be run twice. */
  readonly run: string
  readonly task: string
  readonly attempt: number
  readonly by: string
  readonly what: 'started' | 'finished' | 'stopped'
  /** Milliseconds since 1970. All clocks are one: containers share their machine's. */
  readonly at: number
}

/** A prompt that says how long the first attempt takes, and how long every later one. */
export function promptOf(first: number, later = first): string {
  return JSON.stringify([first, later])
}

/** What promptOf said. */
export function millisecondsFor(prompt: string, attempt: number): number {
  const [first, later] = JSON.parse(prompt) as [number, number]
  return attempt === 1 ? first : later
}
