import type { Lifecycle } from './lifecycle.ts'

/** What we use of `process`: a child that was started with an IPC channel has one, others do not. */
export interface ChildProcessSide {
  readonly connected?: boolean
  readonly channel?: { unref: () => void } | null | undefined
  once: (event: 'disconnect', listener: () => void) => unknown
}

/**
 * Stops the service in an orderly way when the process that started it is gone, `kill -9` included: the IPC channel between
 * the two then closes. Does nothing in a process that has no such channel.
 */
export function stopWhenParentDies(
  lifecycle: Pick<Lifecycle, 'stop'>,
  child: ChildProcessSide = process,
): void {
  if (child.channel === undefined || child.channel === null) return
  child.once('disconnect', () => lifecycle.stop('the process that started this one is gone'))
  // Watching must not be what keeps the service alive after its orderly end.
  child.channel.unref()
}
