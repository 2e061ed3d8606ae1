import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack, type Task } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Notes that it began; the first attempt ends when it is told to, later ones at once. */
const COMMAND = `\
echo "attempt $SWITCHYARD_ATTEMPT began" >> "$LEDGER"
until [ -e "$GATE" ] || [ "$SWITCHYARD_ATTEMPT" -gt 1 ]; do sleep 0.05; done
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
    'SIGTERM lets the command finish within the grace period',
    telling(
      () => stack,
      async () => {
        const dispatcher = await stack.startDispatcher({ SWITCHYARD_SHUTDOWN_GRACE_SECONDS: '30' })
        const { task, ledger, open } = await startGated('finish')
        const stopped = dispatcher.stop()
        await until('the dispatcher drains', () =>
          dispatcher.lastLines().some((line) => line.includes('"stopping"')),
        )
        expect(await stack.task(task.id)).toMatchObject({ status: 'running', attempt: 1 })
        await open()
        await stopped
        expect(await dispatcher.exited).toBe('exit code 0')
        expect(await stack.task(task.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
        expect(await ledger()).toEqual(['attempt 1 began', 'attempt 1 ended'])
      },
    ),
  )

  it(
    'SIGTERM without time to finish stops the command and hands the task to another dispatcher, which runs it once',
    telling(
      () => stack,
      async () => {
        const hasty = await stack.startDispatcher({ SWITCHYARD_SHUTDOWN_GRACE_SECONDS: '10' })
        const { task, ledger } = await startGated('hand-back')
        await stack.startDispatcher()
        await hasty.stop()
        expect(await hasty.exited).toBe('exit code 0')
        expect(await stack.untilEnded(task.id)).toMatchObject({ status: 'succeeded', attempt: 2 })
        expect(await ledger()).toEqual(['attempt 1 began', 'attempt 2 began', 'attempt 2 ended'])
        const story = await stack.events(task.id)
        expect(story.map(({ event }) => event)).toEqual([
          'created',
          ...['claim', 'start', 'hand_back'],
          ...['claim', 'start', 'succeed'],
        ])
        expect(story[3]).toMatchObject({ reason: 'the dispatcher was stopped' })
        expect(story[4]?.actor).not.toBe(story[1]?.actor)
      },
    ),
  )

  it(
    'kill -9 leaves a task whose outcome is unknown: it fails as such, and never goes back to the queue',
    telling(
      () => stack,
      async () => {
        const killed = await stack.startDispatcher({ SWITCHYARD_LEASE_SECONDS: '3' })
        const { task, ledger, open } = await startGated('unknown')
        await stack.startDispatcher()
        killed.kill()
        expect(await killed.exited).toBe('signal SIGKILL')
        const ended = await stack.untilEnded(task.id)
        expect(ended).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'outcome_unknown' } })
        expect(ended.error?.message).toContain('look at the host')
        expect((await stack.events(task.id)).map(({ event }) => event)).toEqual([
          'created',
          ...['claim', 'start'],
          ...['orphan', 'abandon'],
        ])
        await open()
        expect((await ledger()).filter((line) => line.endsWith('began'))).toEqual(['attempt 1 began'])
      },
    ),
  )
})
