import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readConfig, startDispatcher } from '@switchyard/dispatcher'
import { createLog } from '@switchyard/platform'
import { createPool } from '@switchyard/store'
import { dequeue, postAgent, postTask, startTestApi } from '../support/api.ts'
import type { TestApi, WireLease, WireTask } from '../support/api.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { fakeSsh } from '../support/fake-ssh.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import type { PgBouncer } from '../support/pgbouncer.ts'
import { addHost } from '../support/task-factory.ts'
import { until } from '../support/until.ts'

let database: TestDatabase
let pooler: PgBouncer
let apis: readonly TestApi[]
beforeAll(async () => {
  database = await createTestDatabase()
  pooler = await startPgBouncer(database.connectionString)
  const config = { SWITCHYARD_LISTEN: 'off' as const }
  apis = await Promise.all([startTestApi(pooler, { config }), startTestApi(pooler, { config })])
})
afterAll(async () => {
  await Promise.all(apis.map((api) => api.stop()))
  await pooler.stop()
  await database.drop()
})

describe('with SWITCHYARD_LISTEN=off behind PgBouncer in transaction mode', () => {
  it('agents at two replicas take, report on and complete what arrives at either', async () => {
    const labels = ['pooled']
    const [first, second] = apis as [TestApi, TestApi]
    const agents = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        postAgent(first, { labels, max_concurrent: index % 2 === 0 ? 1 : null }),
      ),
    )
    async function work(api: TestApi, index: number): Promise<string> {
      const agent = agents[index]
      if (agent === undefined) throw new Error('no such agent')
      const answer = await dequeue(api, agent, { wait_seconds: 60, request_key: `key-${index}` })
      const { task, lease } = answer.body as { task: WireTask; lease: WireLease }
      const say = async (what: string, body = {}): Promise<number> => {
        const path = `/api/v1/tasks/${task.id}/${what}`
        return (await api.call('POST', path, { lease_token: lease.token, ...body }, { token: agent.token }))
          .status
      }
      expect([
        await say('heartbeat', { progress: 'half' }),
        await say('logs', { offset: 0, text: 'a line\n' }),
        await say('complete'),
      ]).toEqual([200, 200, 200])
      return task.id
    }
    const working = agents.map((_, index) => work(index < 5 ? first : second, index))
    await Promise.all([first.untilWaiting(5), second.untilWaiting(5)])
    const tasks = await Promise.all(
      agents.map((_, index) => postTask(index % 2 === 0 ? first : second, { requires: labels })),
    )
    expect((await Promise.all(working)).sort()).toEqual(tasks.map(({ id }) => id).sort())
  }, 30_000)

  it('the dispatcher runs what fits a host', async () => {
    const [api] = apis as [TestApi]
    const { config } = readConfig({
      DATABASE_URL: pooler.connectionString,
      SWITCHYARD_LISTEN: 'off',
      SWITCHYARD_HEALTH_PORT: '0',
      SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '0.2',
    })
    const log = createLog({ level: 'silent', service: 'dispatcher' })
    const dispatcher = await startDispatcher(config, {}, { ssh: fakeSsh(), log })
    await addHost(database.pool, { labels: ['pushed'] })
    const { id } = await postTask(api, { execution_mode: 'ssh_cli', requires: ['pushed'] })
    await until('the run has succeeded', async () => {
      const { body } = await api.call('GET', `/api/v1/tasks/${id}`)
      return body['status'] === 'succeeded'
    })
    await dispatcher.stop()
  })

  it('no statement has a name, and without it one that has is refused sooner or later', async () => {
    const named = { name: 'the_same', text: 'select $1::integer as value', values: [1] }
    const ask = async (transactionPooling: boolean): Promise<unknown> => {
      const pool = createPool({ ...pooler, applicationName: 'switchyard-test', transactionPooling })
      try {
        return await Promise.all(
          Array.from({ length: 50 }, async () => (await pool.query<{ value: number }>(named)).rows),
        )
      } finally {
        await pool.end()
      }
    }
    expect(await ask(true)).toEqual(Array.from({ length: 50 }, () => [{ value: 1 }]))
    await expect(ask(false)).rejects.toThrow(/prepared statement/)
  })
})
