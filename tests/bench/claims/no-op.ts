import type { NoOpRequest } from './load/no-op.process.ts'
import type { Stage } from './stage.ts'

/** An Express app that does nothing, in a process of its own. */
export interface NoOp {
  readonly pid: number
  readonly url: string
}

export async function startNoOp(stage: Stage, request: NoOpRequest): Promise<NoOp> {
  const child = await stage.child('no-op')
  const url = (await child.call('listen', request)) as string
  return { pid: child.pid, url }
}
