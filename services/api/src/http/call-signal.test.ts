import { getEventListeners } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import type { Response } from 'express'
import { callSignal } from './call-signal.ts'

function openCall() {
  const response = new ServerResponse(new IncomingMessage(new Socket())) as Response
  const connection = new Socket()
  response.assignSocket(connection)
  const closed = new Promise((resolve) => response.once('close', resolve))
  const hangUp = async (): Promise<void> => {
    connection.destroy()
    await closed
  }
  return { response, hangUp, stopping: new AbortController() }
}

describe('the signal of a call', () => {
  it('aborts when its caller is gone, and leaves nothing on the signal of the process', async () => {
    const { response, stopping, hangUp } = openCall()
    const signal = callSignal(response, stopping.signal)
    expect(signal.aborted).toBe(false)
    await hangUp()
    expect(signal.aborted).toBe(true)
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
  })

  it('has aborted when its caller was gone before', async () => {
    const { response, stopping, hangUp } = openCall()
    await hangUp()
    expect(callSignal(response, stopping.signal).aborted).toBe(true)
  })

  it('aborts when the process is to end', () => {
    const { response, stopping } = openCall()
    const signal = callSignal(response, stopping.signal)
    stopping.abort()
    expect(signal.aborted).toBe(true)
  })
})
