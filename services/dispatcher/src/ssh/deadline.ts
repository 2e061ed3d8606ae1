/** A promise that resolves to `late` after so many milliseconds, and a way to forget it. */
export interface Deadline {
  readonly passed: Promise<'late'>
  clear(): void
}

/** Longest delay of a Node timer, about 24.8 days; longer ones would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1

export function startDeadline(milliseconds: number): Deadline {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.min(milliseconds, LONGEST_DELAY))
  })
  return { passed, clear: () => clearTimeout(timer) }
}

/** Waits for the promise, or for so many milliseconds, whichever is first; leaves no timer behind. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | 'late'> {
  const deadline = startDeadline(milliseconds)
  try {
    return await Promise.race([promise, deadline.passed])
  } finally {
    deadline.clear()
  }
}
