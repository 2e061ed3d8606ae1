import { Agent } from 'node:http'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { TOOLS } from '@switchyard/mcp'
import { isRepeatable } from '../../packages/client/src/repeatable.ts'
import { dequeue, dequeued, postAgent, postTask, TOKENS } from '../support/api.ts'
import type { WireLease, WireTask } from '../support/api.ts'
import { buildCommandLine } from '../support/command-line.ts'
import { sendRaw } from '../support/fuzz/send.ts'
import { connectMcp } from '../support/mcp-client.ts'
import type { McpClient, Revision, Transport } from '../support/mcp-client.ts'
import { useTestApi } from '../support/use-test-api.ts'

const { api } = useTestApi()
const open: McpClient[] = []

beforeAll(buildCommandLine)
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ client }) => client.close()))
})

const WAYS: readonly { transport: Transport; revision: Revision }[] = [
  { transport: 'http', revision: '2026-07-28' },
  { transport: 'http', revision: 'legacy' },
  { transport: 'stdio', revision: 'legacy' },
]

it('says that a tool may be called twice only where the client repeats the call by itself', () => {
  const differing = TOOLS.filter(({ repeatable, operation }) => repeatable && !isRepeatable(operation))
  expect(differing.map(({ name }) => name)).toEqual([])
})

describe.each(WAYS)('MCP over $transport, $revision', (way) => {
  async function connect(token: string): Promise<McpClient> {
    const connected = await connectMcp(api.url, token, way)
    open.push(connected)
    return connected
  }

  it('tells who it is, what to do, and which tools there are', async () => {
    const { client } = await connect(TOKENS.admin)
    expect(client.getServerVersion()).toMatchObject({ name: 'switchyard' })
    expect(client.getInstructions()).toContain('take_task')
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name).sort()).toEqual(TOOLS.map(({ name }) => name).sort())
    for (const { annotations, outputSchema, inputSchema } of tools) {
      expect(annotations).toMatchObject({ openWorldHint: false })
      expect([inputSchema.type, outputSchema?.['type']]).toEqual(['object', 'object'])
    }
    expect(tools.find(({ name }) => name === 'find_tasks')?.annotations?.readOnlyHint).toBe(true)
    expect(tools.find(({ name }) => name === 'cancel_task')?.annotations?.destructiveHint).toBe(true)
  })

  it('takes a task through its whole life', async () => {
    const coordinator = await connect(TOKENS.coordinator)
    const registered = await postAgent(api)
    const agent = await connect(registered.token)

    const created = await coordinator.call('create_task', {
      title: 'Greet',
      prompt: 'Say hello.',
      requires: registered.labels,
    })
    const { id } = created.data['task'] as WireTask
    expect(created.data['task']).not.toHaveProperty('prompt')
    expect(created.data['next']).toContain('watch_task')
    expect(JSON.parse(created.text)).toEqual(created.data)
    expect((await coordinator.call('find_tasks', { status: 'pending' })).text).toContain(id)
    expect((await coordinator.call('explain_task', { task_id: id })).data['routing']).toHaveProperty(
      'explanation',
    )
    await coordinator.call('assign_task', { task_id: id, agent_id: registered.id })

    const watched = coordinator.call('watch_task', { task_id: id, status: 'pending', wait_seconds: 50 })
    const taken = await agent.call('take_task', { agent_id: registered.id })
    expect(taken.data['task']).toMatchObject({ id, prompt: 'Say hello.' })
    expect((await watched).data).toMatchObject({ changed: true, task: { id, agent_id: registered.id } })

    const held = { task_id: id, lease_token: (taken.data['lease'] as WireLease).token }
    expect((await agent.call('heartbeat_task', { ...held, progress: 'thinking' })).data).toMatchObject({
      directive: 'continue',
    })
    const unread = coordinator.call('read_task_log', { task_id: id, wait_seconds: 50 })
    await agent.call('append_task_log', { ...held, offset: 0, text: 'héllo\n' })
    expect((await unread).data).toMatchObject({ text: 'héllo\n', next_offset: 7 })
    const done = await agent.call('complete_task', { ...held, result: { summary: 'Hello!' } })
    expect(done.data['task']).toMatchObject({ status: 'succeeded' })

    const ended = await coordinator.call('watch_task', { task_id: id })
    expect(ended.data['next']).toContain('has succeeded')
    expect((await coordinator.call('get_task', { task_id: id })).data['task']).toMatchObject({
      result: { summary: 'Hello!' },
      progress: 'thinking',
    })
    expect((await coordinator.call('get_task_events', { task_id: id })).text).toContain('succeed')
    expect((await coordinator.call('rerun_task', { task_id: id })).data['task']).toMatchObject({
      status: 'pending',
    })
    const cancelled = await coordinator.call('cancel_task', { task_id: id, reason: 'enough' })
    expect(cancelled.data['task']).toMatchObject({ status: 'cancelled' })
  })

  it('shows the directive to stop, and takes the confirmation', async () => {
    const { agent, task, lease } = await dequeued(api)
    const holder = await connect(agent.token)
    const held = { task_id: task.id, lease_token: lease.token }
    await holder.call('heartbeat_task', held)
    await api.call('POST', `/api/v1/tasks/${task.id}/cancel`)
    const heard = await holder.call('heartbeat_task', held)
    expect(heard.data).toMatchObject({ directive: 'cancel', next: expect.stringContaining('fail_task') })
    const confirmed = await holder.call('fail_task', { ...held, error: 'stopped as asked' })
    expect(confirmed.data['task']).toMatchObject({ status: 'cancelled' })
  })

  it('says what went wrong and what to call next', async () => {
    const admin = await connect(TOKENS.admin)
    const { task } = await dequeued(api)
    const assigned = await admin.call('assign_task', { task_id: task.id, agent_id: 'nobody-of-that-name' })
    expect(assigned.isError).toBe(true)
    expect(assigned.text).toContain('agent_not_found')
    expect(assigned.text).toContain('Next: Call list_agents')
    const malformed = await admin.call('create_task', { title: 'no prompt' })
    expect(malformed).toMatchObject({ isError: true, text: expect.stringContaining('prompt') })
  })

  it("keeps an agent from another agent's task", async () => {
    const { task, lease } = await dequeued(api)
    const other = await connect((await postAgent(api)).token)
    const answers = [
      await other.call('complete_task', { task_id: task.id, lease_token: lease.token }),
      await other.call('get_task', { task_id: task.id }),
    ]
    for (const answer of answers) {
      expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('not_your_task') })
    }
    expect((await api.call('GET', `/api/v1/tasks/${task.id}`)).body['status']).toBe('claimed')
  })
})

it('serves the revision without a handshake over stdio as well', async () => {
  const admin = await connectMcp(api.url, TOKENS.admin, {
    transport: 'stdio',
    revision: '2026-07-28',
  })
  open.push(admin)
  expect((await admin.call('get_queue')).data['queue']).toHaveProperty('counts')
})

describe('MCP over HTTP', () => {
  const http = { transport: 'http', revision: 'auto' } as const
  const MESSAGE = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const ACCEPT = { accept: 'application/json, text/event-stream' }

  it('lets nobody in without a valid token', async () => {
    await expect(connectMcp(api.url, 'a-token-that-nobody-has', http)).rejects.toThrow()
    const answer = await api.call('POST', '/mcp', MESSAGE, { token: null, headers: ACCEPT })
    expect([answer.status, answer.body['code']]).toEqual([401, 'unauthenticated'])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('shows a token the tools of its role, and knows whose it is', async () => {
    const registered = await postAgent(api)
    const agent = await connectMcp(api.url, registered.token, http)
    open.push(agent)
    const names = (await agent.client.listTools()).tools.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['take_task', 'complete_task', 'get_task']))
    expect(names).not.toContain('create_task')
    const { id } = await postTask(api, { requires: registered.labels })
    expect((await agent.call('take_task')).data).toMatchObject({ task: { id } })
    const coordinator = await connectMcp(api.url, TOKENS.coordinator, http)
    open.push(coordinator)
    expect((await coordinator.client.listTools()).tools.map(({ name }) => name)).not.toContain('take_task')
  })

  it('gives a task back whose taker has hung up', async () => {
    const registered = await postAgent(api)
    const agent = await connectMcp(api.url, registered.token, http)
    const taking = agent.call('take_task', { wait_seconds: 50 }).catch(() => null)
    await api.untilWaiting()
    await agent.client.close()
    await taking
    const { id } = await postTask(api, { requires: registered.labels })
    const answer = await dequeue(api, registered, { wait_seconds: 30 })
    expect((answer.body['task'] as WireTask).id).toBe(id)
  })

  it.each([
    ['https://elsewhere.example.org', 403],
    ['http://localhost.elsewhere.example.org', 403],
    ['null', 403],
    ['http://localhost:6274', 200],
    ['http://[::1]:6274', 200],
  ])('answers a page of %s with %i', async (origin, status) => {
    const answer = await api.call('POST', '/mcp', MESSAGE, { headers: { ...ACCEPT, origin } })
    expect([answer.status, answer.body['code']]).toEqual([
      status,
      status === 403 ? 'origin_not_allowed' : undefined,
    ])
  })

  it('is out of reach for a page whose name was made to point here: to the browser both have one origin', async () => {
    const agent = new Agent()
    const answer = await sendRaw(api.port, agent, {
      method: 'POST',
      path: '/mcp',
      headers: {
        ...ACCEPT,
        host: `rebound.example.org:${api.port}`,
        origin: `http://rebound.example.org:${api.port}`,
        authorization: `Bearer ${TOKENS.admin}`,
        'content-type': 'application/json',
      },
      body: Buffer.from(JSON.stringify(MESSAGE)),
    })
    agent.destroy()
    expect([answer.status, answer.text.includes('origin_not_allowed')]).toEqual([403, true])
  })

  it('is not there for GET, nor for what is no message', async () => {
    const get = await api.call('GET', '/mcp', undefined, { headers: ACCEPT })
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await api.call('POST', '/mcp', { hello: 1 }, { headers: ACCEPT })).body['code']).toBe(
      'invalid_request',
    )
    expect((await api.call('POST', '/mcp', MESSAGE, { headers: { accept: 'text/html' } })).status).toBe(406)
    expect((await api.call('POST', '/mcp', { jsonrpc: '2.0', id: 1 }, { headers: ACCEPT })).status).toBe(400)
  })
})
