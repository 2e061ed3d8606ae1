import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { startEmbeddedPostgres, THROWAWAY_SETTINGS, type EmbeddedPostgres } from '@switchyard/launcher'
import { migrate } from '@switchyard/store'
import { RefusedError } from '../../demo/client.ts'
import { runPullingAgent } from '../../demo/pulling-agent.ts'
import { startLocalSshServer, type LocalSshServer } from '../../demo/ssh-server.ts'
import type { ReadyService } from '../../demo/service.ts'
import { startStack, telling, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

describe('PostgreSQL restarts', () => {
  let dataDirectory: string
  let postgres: EmbeddedPostgres
  let ssh: LocalSshServer
  let stack: Stack
  let dispatcher: ReadyService

  async function startPostgres(): Promise<void> {
    const settings = { ...THROWAWAY_SETTINGS }
    postgres = await startEmbeddedPostgres({ dataDirectory, log: () => undefined, settings })
  }

  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'switchyard-restart-'))
    await startPostgres()
    const databaseUrl = postgres.connectionString()
    await migrate({ connectionString: databaseUrl })
    ssh = await startLocalSshServer()
    stack = await startStack({ databaseUrl })
    dispatcher = await stack.startDispatcher()
  })
  afterAll(async () => {
    await stack.stop()
    await ssh.stop()
    await postgres.stop()
    await rm(dataDirectory, { recursive: true, force: true })
  })

  it(
    'and both services stay, say that it is away, and go on with their tasks when it is back',
    telling(
      () => stack,
      async () => {
        const gate = join(stack.directory, 'gate')
        const command = ['sh', '-c', 'until [ -e "$GATE" ]; do sleep 0.05; done; echo "through the restart"']
        await stack.putHost(ssh, { labels: ['host'], env: { GATE: gate }, max_concurrent: 2, command })
        const agent = await stack.registerAgent(['agent'])
        const over = new AbortController()
        const agentLoop = runPullingAgent({
          client: agent.client,
          agentId: agent.id,
          signal: over.signal,
          waitSeconds: 1,
          work: () => Promise.resolve({ summary: 'pulled' }),
        })
        const before = await stack.createTask({ requires: ['agent'] })
        await stack.untilEnded(before.id)
        over.abort()
        await agentLoop
        const running = await stack.createTask({ requires: ['host'] })
        await stack.untilTask(running.id, 'runs', ({ status }) => status === 'running')

        await postgres.stop()
        const refused = await until('the API says that the database is away', () =>
          stack.createTask().then(
            () => null,
            (error: unknown) => (error instanceof RefusedError ? error : null),
          ),
        )
        expect(refused.problem).toMatchObject({ status: 503, code: 'database_unavailable' })
        await until(
          'the dispatcher says it too',
          async () => (await fetch(`${dispatcher.url}/readyz`)).status === 503,
        )
        await writeFile(gate, '')
        await startPostgres()

        expect(await stack.untilEnded(running.id)).toMatchObject({
          status: 'succeeded',
          attempt: 1,
          result: { summary: 'through the restart' },
        })
        const sshAfter = await stack.createTask({ requires: ['host'] })
        expect(await stack.untilEnded(sshAfter.id)).toMatchObject({
          status: 'succeeded',
          execution_mode: 'ssh_cli',
        })
        const pullAfter = await stack.createTask({ requires: ['agent'] })
        const claimed = await agent.dequeue()
        expect(claimed?.task.id).toBe(pullAfter.id)
        await agent.client.call(ROUTES.completeTask, {
          params: { task_id: pullAfter.id },
          body: { lease_token: claimed!.lease.token },
        })
        // They are the same processes as before: these answer on the ports of then.
        for (const url of [stack.urls[0]!, dispatcher.url]) {
          await until(`${url} is ready`, async () => (await fetch(`${url}/readyz`)).status === 200)
        }
      },
    ),
  )
})
