import { getEventListeners } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import express from 'express'
import type { Response } from 'express'
import { openEventStream } from './event-stream.ts'

const EVENT = { event: 'log', id: '1', data: 'x'.repeat(1_000_000) }

/** A connection that takes what is written and never says that it is sent. */
class StalledSocket extends Socket {
  override _write(): void {}
  override _writev(): void {}
}

/** A stream whose reader reads nothing. */
function openStalled() {
  const connection = new StalledSocket()
  const response = new ServerResponse(new IncomingMessage(new Socket())) as Response
  Object.setPrototypeOf(response, express().response)
  response.assignSocket(connection)
  const stopping = new AbortController()
  const stream = openEventStream(response, stopping.signal)
  return { connection, response, stopping, stream }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
})
afterEach(() => {
  jest.useRealTimers()
})

describe('an event stream', () => {
  it('writes nothing after its end, also while its reader has not taken what came before', async () => {
    const { response, stream } = openStalled()
    const errors: Error[] = []
    response.on('error', (error) => errors.push(error))
    const sent = stream.send(EVENT)
    stream.end()
    jest.advanceTimersByTime(60_000)
    stream.mark('2')
    await nextTurn()
    expect(errors).toEqual([])
    response.destroy()
    await sent
  })

  it('survives an error of its connection', () => {
    const { response } = openStalled()
    expect(response.emit('error', new Error('EPIPE'))).toBe(true)
    response.destroy()
  })

  it('does not wait for a reader that reads no more once the process is to end, and hangs up', async () => {
    const { response, stopping, stream } = openStalled()
    const sent = stream.send(EVENT)
    stopping.abort()
    await sent
    expect(stream.over.aborted).toBe(true)
    stream.end()
    expect(response.destroyed).toBe(false)
    jest.advanceTimersByTime(2_000)
    expect(response.destroyed).toBe(true)
  })

  it('leaves nothing behind when its reader is gone', async () => {
    const { connection, stopping, stream } = openStalled()
    connection.destroy()
    await nextTurn()
    expect(stream.over.aborted).toBe(true)
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
    expect(jest.getTimerCount()).toBe(0)
  })
})
