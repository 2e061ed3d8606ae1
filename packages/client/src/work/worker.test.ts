import { expect, it } from '@jest/globals'
import type { CallOptions } from '../call-options.ts'
import type { Dequeued, Operations } from '../operations.ts'
import { REAL_TIMING } from '../timing.ts'
import type { Lease, Task } from '../wire/types.ts'
import { startWorker } from './worker.ts'

const LEASE: Lease = {
  token: 'token',
  expires_at: '2030-01-01T00:00:00Z',
  start_by: null,
  heartbeat_seconds: 30,
}
const TASKS = 3

/** What takes the listeners of a signal off again, in the order in which they were added. */
function watchListeners(signal: AbortSignal): (AbortSignal | undefined)[] {
  const removers: (AbortSignal | undefined)[] = []
  const add = signal.addEventListener.bind(signal)
  signal.addEventListener = (...[type, listener, options]: Parameters<typeof add>) => {
    removers.push(typeof options === 'object' ? options.signal : undefined)
    add(type, listener, options)
  }
  return removers
}

it('leaves nothing behind with each task, however many it does', async () => {
  let removers: (AbortSignal | undefined)[] = []
  let asked = 0
  const operations = {
    dequeueTask(_request: unknown, { signal }: CallOptions): Promise<Dequeued> {
      if (asked === 0) removers = watchListeners(signal!)
      asked += 1
      if (asked > TASKS) return Promise.reject(new Error('that was all'))
      return Promise.resolve({ task: { id: String(asked) } as Task, lease: LEASE })
    },
    heartbeatTask: () => Promise.resolve({ lease: LEASE, directive: 'continue' }),
    completeTask: () => Promise.resolve({}),
  } as unknown as Operations
  const worker = startWorker(operations, () => undefined, { agentId: 'agent' }, REAL_TIMING)
  await expect(worker.finished).rejects.toThrow('that was all')
  expect(removers.map((remover) => remover?.aborted)).toEqual(Array(TASKS).fill(true))
})
