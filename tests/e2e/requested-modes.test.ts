import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack, type Task } from '../support/stack.ts'

const LABEL = 'wanted'

describe('a task whose creator asked for a track', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd()])
    stack = await startStack({ databaseUrl: database.connectionString })
    await stack.startDispatcher({ SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: '0' })
  })
  afterAll(async () => {
    await stack.stop()
    await sshd.stop()
    await database.drop()
  })

  function create(mode: 'undecided' | 'ssh_cli' | 'http_pull'): Promise<Task> {
    return stack.createTask({ requires: [LABEL], execution_mode: mode, title: mode })
  }

  /** Nothing has happened to it. */
  async function expectUntouched({ id, requested_mode: mode }: Task): Promise<void> {
    expect(await stack.task(id)).toMatchObject({ status: 'pending', execution_mode: mode, deliveries: 0 })
    expect((await stack.events(id)).map(({ event }) => event)).toEqual(['created'])
  }

  it(
    'stays on it, whatever happens to undecided ones around it',
    telling(
      () => stack,
      async () => {
        const sshOnly = await create('ssh_cli')
        const pullOnly = [await create('http_pull'), await create('http_pull')]
        const undecided = await create('undecided')

        // Phase 2 has passed by: it took the undecided one that no host wanted, and only that.
        await stack.untilTask(undecided.id, 'is flipped', ({ execution_mode: mode }) => mode === 'http_pull')
        for (const task of [sshOnly, ...pullOnly]) await expectUntouched(task)

        // An agent gets what it may have, in order, and is then told that there is nothing: the ssh_cli one is not for it.
        const agent = await stack.registerAgent([LABEL])
        const first = await agent.dequeue()
        expect(first?.task).toMatchObject({ id: pullOnly[0]!.id, requested_mode: 'http_pull' })
        const body = { lease_token: first!.lease.token }
        await agent.client.call(ROUTES.completeTask, { params: { task_id: first!.task.id }, body })

        // A host comes: it runs the ssh_cli one, which was first in the queue, and none of those that are to be pulled.
        const host = await stack.putHost(sshd, { labels: [LABEL], command: ['true'] })
        expect(await stack.untilEnded(sshOnly.id)).toMatchObject({
          status: 'succeeded',
          execution_mode: 'ssh_cli',
          agent_id: host,
        })
        const marker = await create('ssh_cli')
        await stack.untilEnded(marker.id)
        await expectUntouched(pullOnly[1]!)
        expect(await stack.task(undecided.id)).toMatchObject({
          status: 'pending',
          execution_mode: 'http_pull',
        })

        const rest = [await agent.dequeue(), await agent.dequeue(), await agent.dequeue()]
        expect(rest.map((claimed) => claimed?.task.id)).toEqual([pullOnly[1]!.id, undecided.id, undefined])
        for (const id of [sshOnly.id, marker.id])
          expect((await stack.events(id)).map(({ event }) => event)).toEqual([
            'created',
            'claim',
            'start',
            'succeed',
          ])
      },
    ),
  )

  it(
    'returns to its track when it is handed back',
    telling(
      () => stack,
      async () => {
        const agent = await stack.registerAgent(['returned'])
        const { id } = await stack.createTask({ requires: ['returned'], execution_mode: 'http_pull' })
        const claimed = await agent.dequeue()
        await agent.client.call(ROUTES.releaseTask, {
          params: { task_id: id },
          body: { lease_token: claimed!.lease.token, reason: 'not now' },
        })
        expect(await stack.task(id)).toMatchObject({ status: 'pending', execution_mode: 'http_pull' })
        expect((await agent.dequeue())?.task.id).toBe(id)
      },
    ),
  )
})
