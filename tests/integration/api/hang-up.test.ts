import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, postTask, startTestApi, TOKENS } from '../../support/api.ts'
import type { TestAgent } from '../../support/api.ts'
import { blockedBackends, closeEvents, closeTable } from '../../support/blocked-api.ts'
import { SleepCounter } from '../../support/sleep-counter.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const counter = new SleepCounter()
const stack = useTestApi({ clock: counter.clock })
const { api } = stack

/** A dequeue over a socket of its own, which can be torn away. */
async function openDequeue(agent: TestAgent, waitSeconds: number, requestKey?: string): Promise<Socket> {
  const body = JSON.stringify({ agent_id: agent.id, wait_seconds: waitSeconds, request_key: requestKey })
  const socket = connect(api.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `POST /api/v1/tasks/dequeue HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${agent.token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  return socket
}

async function openLog(taskId: string): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `GET /api/v1/tasks/${taskId}/logs HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${TOKENS.admin}\r\n` +
      'Accept: text/event-stream\r\n\r\n',
  )
  return socket
}

const requestIsBlocked = async (): Promise<boolean> => (await blockedBackends(stack.database.pool)).length > 0

describe('a caller that is torn away', () => {
  it('while its claim is being made loses no task: it is given back at once', async () => {
    const agent = await postAgent(api)
    const { id } = await postTask(api, { requires: agent.labels })
    const open = await closeEvents(stack.database.pool)
    const socket = await openDequeue(agent, 60)
    await until('the claim is half-way', requestIsBlocked)
    socket.resetAndDestroy()
    await open()
    const { status, body } = await dequeue(api, agent, { wait_seconds: 60 })
    expect(status).toBe(200)
    expect(body).toMatchObject({ task: { id, attempt: 1 } })
  })

  it('while its claim is being made keeps it when it has asked again with the same request_key', async () => {
    const agent = await postAgent(api)
    const { id } = await postTask(api, { requires: agent.labels })
    const open = await closeEvents(stack.database.pool)
    const socket = await openDequeue(agent, 60, 'key')
    await until('the claim is half-way', requestIsBlocked)
    const repeated = dequeue(api, agent, { wait_seconds: 60, request_key: 'key' })
    await api.untilWaiting(1)
    socket.resetAndDestroy()
    await open()
    const { body } = await repeated
    expect(body).toMatchObject({ task: { id, attempt: 1 } })
    const lease = body['lease'] as { token: string }
    const heartbeat = { lease_token: lease.token }
    const { status } = await api.call('POST', `/api/v1/tasks/${id}/heartbeat`, heartbeat, agent)
    expect(status).toBe(200)
  })

  it('while it waits gets nothing, and another that waits gets the task', async () => {
    const agent = await postAgent(api)
    const sockets = await Promise.all([1, 2, 3].map(() => openDequeue(agent, 60)))
    await api.untilWaiting(3)
    const patient = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting(4)
    for (const socket of sockets) socket.resetAndDestroy()
    const { id } = await postTask(api, { requires: agent.labels })
    expect((await patient).body).toMatchObject({ task: { id } })
  })

  it('while the log that it wants to follow is looked up leaves nobody who goes on looking', async () => {
    const { id } = await postTask(api)
    const open = await closeTable(stack.database.pool, 'tasks', 'access exclusive')
    const socket = await openLog(id)
    await until('the log is looked up', requestIsBlocked)
    const closed = once(socket, 'close')
    socket.resetAndDestroy()
    await closed
    // Answered after the server has read that the other is gone.
    await api.call('GET', '/healthz')
    counter.sleeps = 0
    await open()
    await api.call('GET', `/api/v1/tasks/${id}/logs`)
    expect(counter.sleeps).toBe(0)
  })
})

describe('a task', () => {
  it('that another process accepted is given to who waits here', async () => {
    const other = await startTestApi(stack.database)
    const agent = await postAgent(api)
    const waiting = dequeue(api, agent, { wait_seconds: 60 })
    await api.untilWaiting()
    const { id } = await postTask(other, { requires: agent.labels })
    expect((await waiting).body).toMatchObject({ task: { id } })
    await other.stop()
  })

  it('that is assigned to one of many who wait is given to that one', async () => {
    const labels = ['crowd']
    const agents = await Promise.all(Array.from({ length: 20 }, () => postAgent(api, { labels })))
    const waiting = agents.map((agent) => dequeue(api, agent, { wait_seconds: 60 }))
    await api.untilWaiting(20)
    const { id } = await postTask(api, { execution_mode: 'http_pull' })
    await api.call('POST', `/api/v1/tasks/${id}/assign`, { agent_id: agents[17]?.id })
    expect((await waiting[17])?.body).toMatchObject({ task: { id } })
    await Promise.all(
      agents.filter((_, index) => index !== 17).map(() => postTask(api, { requires: labels })),
    )
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200)
  })
})
