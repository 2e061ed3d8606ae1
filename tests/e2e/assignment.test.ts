import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack, type StackAgent } from '../support/stack.ts'

const LABELS = ['linux', 'shared']

describe('a coordinator assigns', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd()])
    stack = await startStack({ databaseUrl: database.connectionString })
    await stack.startDispatcher()
  })
  afterAll(async () => {
    await stack.stop()
    await sshd.stop()
    await database.drop()
  })

  function putHost(): Promise<string> {
    return stack.putHost(sshd, {
      labels: LABELS,
      command: ['sh', '-c', 'echo "ran on $SWITCHYARD_AGENT_ID"'],
    })
  }

  async function assign(taskId: string, agentId: string) {
    const { body } = await stack.client.call(ROUTES.assignTask, {
      params: { task_id: taskId },
      body: { agent_id: agentId },
    })
    return body
  }

  /** A task that waits until it is assigned: nobody offers what it requires. */
  function createUnmatched() {
    return stack.createTask({ requires: ['nobody-offers-this'] })
  }

  /** The dispatcher has looked at everything that was pending before: a task of its own, behind it, has been run. */
  async function untilDispatcherWasHere(): Promise<void> {
    const { id } = await stack.createTask({ requires: LABELS, execution_mode: 'ssh_cli', priority: 4 })
    expect(await stack.untilEnded(id)).toMatchObject({ status: 'succeeded' })
  }

  async function complete(agent: StackAgent, taskId: string): Promise<void> {
    const claimed = await agent.dequeue()
    expect(claimed?.task).toMatchObject({ id: taskId, execution_mode: 'http_pull' })
    const body = { lease_token: claimed!.lease.token, result: { summary: 'as I was told' } }
    await agent.client.call(ROUTES.completeTask, { params: { task_id: taskId }, body })
  }

  it(
    'to an agent that pulls: the track follows, and nobody else gets the task',
    telling(
      () => stack,
      async () => {
        await putHost()
        const [chosen, other] = [await stack.registerAgent(LABELS), await stack.registerAgent(LABELS)]
        const { id } = await createUnmatched()
        expect(await assign(id, chosen.id)).toMatchObject({
          status: 'pending',
          execution_mode: 'http_pull',
          requested_mode: 'undecided',
          assigned_agent_id: chosen.id,
        })
        await untilDispatcherWasHere()
        expect(await other.dequeue()).toBeNull()
        await complete(chosen, id)
        expect(await stack.task(id)).toMatchObject({ status: 'succeeded', agent_id: chosen.id })
        const { body: routing } = await stack.client.call(ROUTES.getTaskRouting, { params: { task_id: id } })
        expect(routing).toMatchObject({ decided_by: 'coordinator', reason: `assigned to ${chosen.id}` })
      },
    ),
  )

  it(
    'to a host: it is run there over SSH, and nowhere else',
    telling(
      () => stack,
      async () => {
        const chosen = await putHost()
        await putHost()
        const agent = await stack.registerAgent([...LABELS, 'nobody-offers-this'])
        const paused = { params: { agent_id: chosen }, body: { paused: true } }
        await stack.client.call(ROUTES.updateAgent, paused)
        const { id } = await stack.createTask({
          requires: LABELS,
          execution_mode: 'ssh_cli',
          run_at: inOneDay(),
        })
        expect(await assign(id, chosen)).toMatchObject({
          execution_mode: 'ssh_cli',
          assigned_agent_id: chosen,
        })
        await database.pool.query('update tasks set run_at = now() where id = $1', [id])
        await stack.untilTask(id, 'is due', ({ status }) => status === 'pending')

        // Its host is paused: others who could take it leave it alone.
        await untilDispatcherWasHere()
        expect(await agent.dequeue()).toBeNull()
        expect(await stack.task(id)).toMatchObject({ status: 'pending', agent_id: null })

        await stack.client.call(ROUTES.updateAgent, { ...paused, body: { paused: false } })
        expect(await stack.untilEnded(id)).toMatchObject({
          status: 'succeeded',
          agent_id: chosen,
          result: { summary: `ran on ${chosen}` },
        })
      },
    ),
  )

  it(
    'an undecided task to a host: its labels are not asked again',
    telling(
      () => stack,
      async () => {
        const chosen = await putHost()
        const { id } = await createUnmatched()
        expect(await assign(id, chosen)).toMatchObject({ execution_mode: 'ssh_cli' })
        expect(await stack.untilEnded(id)).toMatchObject({
          status: 'succeeded',
          execution_mode: 'ssh_cli',
          agent_id: chosen,
        })
      },
    ),
  )
})

function inOneDay(): string {
  return new Date(Date.now() + 86_400_000).toISOString()
}
