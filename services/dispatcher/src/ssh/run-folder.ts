/** Where a run lives on its host: the folder `id` in `root`. */
export interface RunFolder {
  /** Null: `$SWITCHYARD_RUNS_DIR` of the host's own environment, else `switchyard/runs` in its state directory. */
  readonly root: string | null
  /** Names one attempt of one task, and never another one. */
  readonly id: string
}

/** Names an attempt's run folder. */
export function runIdOf(taskId: string, attempt: number): string {
  return `${taskId}-${attempt}`
}
