import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLog } from './log.ts'
import { stopWhenParentDies } from './parent-watch.ts'

class FakeProcess extends EventEmitter {
  exitCode: number | string | null | undefined = undefined
  readonly exited = new Promise<number>((resolve) => (this.exit = resolve))
  declare exit: (code: number) => void
}

function setUp(graceMilliseconds = 60_000) {
  const host = new FakeProcess()
  const lines: string[] = []
  let milliseconds = 0
  const lifecycle: Lifecycle = createLifecycle({
    log: createLog({ level: 'info', service: 'test' }, { write: (line) => void lines.push(line) }),
    graceMilliseconds,
    process: host,
    monotonic: () => milliseconds,
  })
  return { host, lifecycle, lines, later: (by: number) => void (milliseconds += by) }
}

describe('createLifecycle', () => {
  it('aborts on a signal and runs the steps one by one, the last added first', async () => {
    const { host, lifecycle } = setUp()
    const ran: string[] = []
    lifecycle.onShutdown('pool', () => void ran.push('pool'))
    lifecycle.onShutdown('server', async () => {
      await Promise.resolve()
      ran.push('server')
    })
    expect(lifecycle.signal.aborted).toBe(false)
    host.emit('SIGTERM')
    expect(lifecycle.signal.aborted).toBe(true)
    expect(await lifecycle.finished).toBe(0)
    expect(ran).toEqual(['server', 'pool'])
    expect(host.exitCode).toBe(0)
  })

  it('takes the copy of a signal that npm passes on for the same press, and a later one for impatience', async () => {
    const { host, lifecycle, later } = setUp()
    const killed: string[] = []
    lifecycle.onShutdown('stuck', () => new Promise(() => undefined))
    lifecycle.onForcedExit(() => void killed.push('children'))
    host.emit('SIGINT')
    later(20)
    host.emit('SIGINT')
    expect(killed).toEqual([])
    later(2000)
    host.emit('SIGINT')
    expect(await host.exited).toBe(1)
    expect(killed).toEqual(['children'])
  })

  it('ends by force when the steps outlast the grace period', async () => {
    const { host, lifecycle, lines } = setUp(1)
    lifecycle.onShutdown('pool', () => undefined)
    lifecycle.onShutdown('stuck', () => new Promise(() => undefined))
    host.emit('SIGTERM')
    expect(await host.exited).toBe(1)
    expect(lines.join('')).toContain('not finished after 1 ms')
  })

  it('goes on after a step that fails, and says so with exit code 1', async () => {
    const { host, lifecycle, lines } = setUp()
    const ran: string[] = []
    lifecycle.onShutdown('pool', () => void ran.push('pool'))
    lifecycle.onShutdown('server', () => Promise.reject(new Error('socket stuck')))
    lifecycle.stop('asked')
    expect(await lifecycle.finished).toBe(1)
    expect(ran).toEqual(['pool'])
    expect(host.exitCode).toBe(1)
    expect(lines.join('')).toContain('socket stuck')
  })

  it.each(['uncaughtException', 'unhandledRejection'])(
    'logs an %s and ends in order with exit code 1',
    async (event) => {
      const { host, lifecycle, lines } = setUp()
      const ran: string[] = []
      lifecycle.onShutdown('server', () => void ran.push('server'))
      host.emit(event, new Error('nobody saw this coming'))
      expect(await lifecycle.finished).toBe(1)
      expect(ran).toEqual(['server'])
      expect(lines.join('')).toContain('nobody saw this coming')
    },
  )
})

describe('stopWhenParentDies', () => {
  it('stops when the channel to the parent closes, and does not keep the process alive', async () => {
    const { lifecycle } = setUp()
    let referenced = true
    const child = Object.assign(new EventEmitter(), { channel: { unref: () => void (referenced = false) } })
    stopWhenParentDies(lifecycle, child)
    expect(referenced).toBe(false)
    child.emit('disconnect')
    expect(await lifecycle.finished).toBe(0)
  })

  it('does nothing without a channel', () => {
    const { lifecycle } = setUp()
    const child = Object.assign(new EventEmitter(), { channel: undefined })
    stopWhenParentDies(lifecycle, child)
    expect(child.listenerCount('disconnect')).toBe(0)
  })
})
