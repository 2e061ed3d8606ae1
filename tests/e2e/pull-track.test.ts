import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { issueDelivery } from '../../demo/deliveries.ts'
import { runPullingAgent } from '../../demo/pulling-agent.ts'
import { startLocalSshServer, type LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const RULES = `\
rules:
  - name: bench
    event: issues
    repositories: [acme/bench]
    labels: [agent]
    task: { requires: [bench] }
  - name: offline
    event: issues
    repositories: [acme/offline]
    labels: [agent]
    task: { requires: [offline] }
`

describe('from a delivery to an agent that pulls', () => {
  let database: TestDatabase
  let ssh: LocalSshServer
  /** As with a login shell that hangs before it looks at the command. */
  let stuck: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, ssh, stuck] = await Promise.all([
      createTestDatabase(),
      startLocalSshServer(),
      startSshd({ config: ['ForceCommand sleep 600'] }),
    ])
    stack = await startStack({ databaseUrl: database.connectionString, rules: RULES })
  })
  afterEach(() => stack.stopDispatchers())
  afterAll(async () => {
    await stack.stop()
    await ssh.stop()
    await stuck.stop()
    await database.drop()
  })

  function opened(name: 'bench' | 'offline') {
    const issue = { title: 'Fix the lamp', body: 'It blinks.', labels: ['agent'] }
    return issueDelivery('opened', { ...issue, repository: `acme/${name}`, number: 3 })
  }

  it(
    'hands an undecided task that no host fits to the agent that asks first, and takes its result',
    telling(
      () => stack,
      async () => {
        await stack.startDispatcher()
        const agent = await stack.registerAgent(['bench'])
        const { id } = await stack.deliverTask(opened('bench'))
        expect(await stack.task(id)).toMatchObject({ status: 'pending', execution_mode: 'undecided' })

        const over = new AbortController()
        const agentLoop = runPullingAgent({
          client: agent.client,
          agentId: agent.id,
          signal: over.signal,
          async work(task, say) {
            await say('half way, ')
            await say('done\n')
            return { summary: `fixed ${task.source.repository ?? ''}` }
          },
        })
        const task = await stack.untilEnded(id)
        over.abort()
        await agentLoop

        expect(task).toMatchObject({
          status: 'succeeded',
          execution_mode: 'http_pull',
          requested_mode: 'undecided',
          agent_id: agent.id,
          attempt: 1,
          result: { summary: 'fixed acme/bench' },
        })
        expect(await stack.log(id)).toBe('half way, done\n')
        expect((await stack.events(id)).map(({ event, execution_mode: mode }) => [event, mode])).toEqual([
          ['created', 'undecided'],
          ['claim', 'http_pull'],
          ['start', 'http_pull'],
          ['succeed', 'http_pull'],
        ])
      },
    ),
  )

  it(
    'keeps a task undecided whose host is offline, says why, and gives it to the agents after the timeout',
    telling(
      () => stack,
      async () => {
        // A server that has gone leaves a port on which nobody listens.
        const gone = await startLocalSshServer()
        await gone.stop()
        const host = await stack.putHost(
          { ...ssh, port: gone.port },
          { labels: ['offline'], command: ['true'] },
        )
        const patient = await stack.startDispatcher()
        const { id } = await stack.deliverTask(opened('offline'))

        await until('the dial has failed', async () =>
          (await stack.events(id)).some(({ event }) => event === 'unclaim'),
        )
        expect(await stack.task(id)).toMatchObject({
          status: 'pending',
          execution_mode: 'undecided',
          attempt: 0,
          deliveries: 1,
        })
        const { body: routing } = await stack.client.call(ROUTES.getTaskRouting, { params: { task_id: id } })
        expect(routing.candidates).toContainEqual(
          expect.objectContaining({
            agent_id: host,
            verdict: 'cooling_down',
            reason: expect.stringContaining('ECONNREFUSED'),
          }),
        )
        expect(routing.explanation).toContain(host)
        expect(routing.next_action).toMatchObject({ what: expect.stringContaining('http_pull') })
        await patient.stop()

        const agent = await stack.registerAgent(['offline'])
        await stack.startDispatcher({ SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: '0.5' })
        await stack.untilTask(id, 'is flipped', ({ execution_mode: mode }) => mode === 'http_pull')
        const claimed = await agent.dequeue()
        expect(claimed?.task).toMatchObject({
          id,
          status: 'claimed',
          execution_mode: 'http_pull',
          attempt: 1,
        })
        await agent.client.call(ROUTES.completeTask, {
          params: { task_id: id },
          body: { lease_token: claimed!.lease.token, result: { summary: 'done by hand' } },
        })
        expect(await stack.task(id)).toMatchObject({ status: 'succeeded', agent_id: agent.id })
        const story = (await stack.events(id)).map(({ event }) => event)
        expect(story.slice(-3)).toEqual(['flipped', 'claim', 'succeed'])
        expect(story.slice(0, 3)).toEqual(['created', 'claim', 'unclaim'])
      },
    ),
  )

  it(
    'takes a task back from a host that lets us in but starts nothing, and leaves that host alone for a while',
    telling(
      () => stack,
      async () => {
        const host = await stack.putHost(stuck, { labels: ['stuck'], command: ['true'] })
        await stack.startDispatcher({ SWITCHYARD_START_SECONDS: '1' })
        const { id } = await stack.createTask({ requires: ['stuck'] })
        const cooling = await until('the host is left alone', async () => {
          const { body } = await stack.client.call(ROUTES.getHost, { params: { host_id: host } })
          return body.failures > 0 ? body : null
        })
        expect(cooling.last_error).toContain('start deadline')
        const back = await stack.untilTask(id, 'is back', ({ status }) => status === 'pending')
        expect(back).toMatchObject({ execution_mode: 'undecided', attempt: 0, error: null })
        expect((await stack.events(id)).at(-1)).toMatchObject({
          event: 'unclaim',
          reason: expect.stringContaining('start deadline'),
        })
      },
    ),
  )
})
