/** What has to be undone, in the opposite order, however it ends. */
export interface Cleanup {
  add(undo: () => unknown): void
  /** Runs all of them, also after one that failed. Throws the first failure. */
  run(): Promise<void>
}

export function createCleanup(): Cleanup {
  let steps: (() => unknown)[] = []
  return {
    add: (undo) => void steps.push(undo),
    async run() {
      const all = steps.toReversed()
      steps = []
      const failures: unknown[] = []
      for (const undo of all) {
        try {
          await undo()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
