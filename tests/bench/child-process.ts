import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Call, CallOutcome } from './child-calls.ts'

export interface ChildOptions {
  /** The file that the process runs; it calls `answerCalls`. */
  readonly entry: string
  /** Another Node.js than ours. */
  readonly execPath?: string
  readonly execArgv?: readonly string[]
}

/** A process of the benchmark's own. */
export interface Child {
  readonly pid: number
  /** Rejects when the method throws over there, or the process ends before it has answered. */
  call(method: string, argument?: unknown): Promise<unknown>
  stop(): Promise<void>
}

/** As the benchmark itself runs. */
export const SOURCE_FLAGS = ['--import', 'tsx', '--conditions=@switchyard/source']

/** Starts a process and waits until it answers calls. */
export async function startChild({
  entry,
  execPath = process.execPath,
  execArgv = SOURCE_FLAGS,
}: ChildOptions): Promise<Child> {
  const child = fork(entry, { execPath, execArgv: [...execArgv] })
  const pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let calls = 0
  const exited = once(child, 'exit')
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: 'ready' | CallOutcome) => {
      if (message === 'ready') {
        resolve()
        return
      }
      const waiter = pending.get(message.id)
      pending.delete(message.id)
      if ('problem' in message) waiter?.reject(new Error(message.problem))
      else waiter?.resolve(message.result)
    })
    child.once('exit', (code, signal) => {
      const error = new Error(`${entry} ended with ${String(code ?? signal)}`)
      reject(error)
      for (const waiter of pending.values()) waiter.reject(error)
    })
  })
  await ready
  return {
    pid: child.pid ?? 0,
    call(method, argument) {
      const call: Call = { id: calls++, method, argument }
      return new Promise((resolve, reject) => {
        pending.set(call.id, { resolve, reject })
        child.send(call, (error) => {
          if (error !== null) reject(error)
        })
      })
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
