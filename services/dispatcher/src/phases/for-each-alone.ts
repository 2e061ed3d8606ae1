import { isDatabaseUnavailable, isLockTimeout } from '@switchyard/store'

export interface AloneOptions<T> {
  /** Whether something was done. */
  readonly act: (one: T) => Promise<boolean>
  readonly onError: (one: T, error: unknown) => void
}

/**
 * Acts on each in turn, and returns for how many something was done. One that fails does not hold up the others, unless it fails
 * because the database is away.
 */
export async function forEachAlone<T>(all: readonly T[], { act, onError }: AloneOptions<T>): Promise<number> {
  let count = 0
  for (const one of all) {
    try {
      if (await act(one)) count += 1
    } catch (error) {
      if (isDatabaseUnavailable(error) && !isLockTimeout(error)) throw error
      onError(one, error)
    }
  }
  return count
}
