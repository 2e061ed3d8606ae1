import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack, type Task } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Notes that it began; ends when it is told to. */
const COMMAND = `\
echo "attempt $SWITCHYARD_ATTEMPT began" >> "$LEDGER"
until [ -e "$GATE" ]; do sleep 0.05; done
echo "attempt $SWITCHYARD_ATTEMPT ended" >> "$LEDGER"
`

describe('the end of a dispatcher that runs a task', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd()])
    stack = await startStack({ databaseUrl: database.connectionString })
  })
  afterEach(() => stack.stopDispatchers())
  afterAll(async () => {
    await stack.stop()
    await sshd.stop()
    await database.drop()
  })

  interface Gated {
    readonly task: Task
    readonly ledger: () => Promise<string[]>
    readonly open: () => Promise<void>
  }

  /** A task whose command has begun on a host of its own. */
  async function startGated(name: string): Promise<Gated> {
    const [gate, ledger] = [join(stack.directory, `${name}.gate`), join(stack.directory, `${name}.ledger`)]
    const env = { GATE: gate, LEDGER: ledger }
    await stack.putHost(sshd, { labels: [name], env, command: ['sh', '-c', COMMAND] })
    const { id } = await stack.createTask({ requires: [name] })
    await until('the command has begun', () => existsSync(ledger))
    return {
      task: await stack.untilTask(id, 'runs', ({ status }) => status === 'running'),
      ledger: async () => (await readFile(ledger, 'utf8')).trim().split('\n'),
      open: () => writeFile(gate, ''),
    }
  }

  it(
    'SIGTERM hands the run over: the command goes on, and the dispatcher is gone within five seconds',
    telling(
      () => stack,
      async () => {
        // When it takes longer, it ends by force, with another exit code.
        const leaving = await stack.startDispatcher({ SWITCHYARD_SHUTDOWN_GRACE_SECONDS: '5' })
        const { task, ledger, open } = await startGated('hand-over')
        await stack.startDispatcher()
        await leaving.stop()
        expect(await leaving.exited).toBe('exit code 0')
        await until('it is adopted', async () =>
          (await stack.events(task.id)).some(({ event }) => event === 'adopt'),
        )
        await open()
        expect(await stack.untilEnded(task.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
        expect(await ledger()).toEqual(['attempt 1 began', 'attempt 1 ended'])
        const story = await stack.events(task.id)
        expect(story.map(({ event }) => event)).toEqual([
          'created',
          ...['claim', 'start'],
          ...['orphan', 'adopt', 'succeed'],
        ])
        expect(story[3]).toMatchObject({ reason: 'the dispatcher was stopped' })
        expect(story[4]?.actor).not.toBe(story[1]?.actor)
      },
    ),
  )

  it(
    'a restart of all dispatchers costs a run nothing, also one that ends while nobody watches',
    telling(
      () => stack,
      async () => {
        await stack.startDispatcher()
        const { task, ledger, open } = await startGated('restart')
        await stack.stopDispatchers()
        expect(await stack.task(task.id)).toMatchObject({ status: 'orphaned' })
        await open()
        await until('the command has ended', async () => (await ledger()).length === 2)
        await stack.startDispatcher()
        expect(await stack.untilEnded(task.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
        expect(await ledger()).toEqual(['attempt 1 began', 'attempt 1 ended'])
      },
    ),
  )

  it(
    'kill -9 leaves the run alone, and another dispatcher adopts it when the lease ends',
    telling(
      () => stack,
      async () => {
        const killed = await stack.startDispatcher({ SWITCHYARD_LEASE_SECONDS: '3' })
        const { task, ledger, open } = await startGated('kill')
        await stack.startDispatcher({ SWITCHYARD_LEASE_SECONDS: '3' })
        killed.kill()
        expect(await killed.exited).toBe('signal SIGKILL')
        await until('it is adopted', async () =>
          (await stack.events(task.id)).some(({ event }) => event === 'adopt'),
        )
        await open()
        expect(await stack.untilEnded(task.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
        expect(await ledger()).toEqual(['attempt 1 began', 'attempt 1 ended'])
        expect((await stack.events(task.id)).map(({ event }) => event)).toEqual([
          'created',
          ...['claim', 'start'],
          ...['orphan', 'adopt', 'succeed'],
        ])
      },
    ),
  )
})
