import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readLog } from '@switchyard/store'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { processesWithVariable } from '../support/processes.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack } from '../support/stack.ts'
import { addTask } from '../support/task-factory.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { makeMischief, randomFrom, type Seat } from './mischief.ts'

const SEED = Number(process.env['SWITCHYARD_FAULT_SEED'] ?? Date.now() % 1_000_000)
const TASKS = Number(process.env['SWITCHYARD_FAULT_TASKS'] ?? 200)
const DISPATCHERS = 3
const HOSTS = 3
const SLOTS = 12
const LEASE_SECONDS = 2
const LINES = 60
/** The mischief ends then at the latest, and everything that is left must come to its end. */
const MISCHIEF_SECONDS = 60
const CALM_SECONDS = 90

/** Writes itself into its host's ledger at its beginning and at its end, and numbered lines in between. */
const COMMAND = `\
echo "$SWITCHYARD_TASK_ID $SWITCHYARD_ATTEMPT began" >> "$LEDGER"
i=0
while [ $i -lt ${LINES} ]; do i=$((i + 1)); echo "$i of $SWITCHYARD_TASK_ID €"; sleep 0.05; done
echo "$SWITCHYARD_TASK_ID $SWITCHYARD_ATTEMPT ended" >> "$LEDGER"
`

describe('runs outlive what happens to dispatchers, connections and databases', () => {
  let database: TestDatabase
  let stack: Stack
  const sshds: LocalSshServer[] = []
  const hosts: TcpProxy[] = []
  const seats: Seat[] = []
  const ledgers: string[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    stack = await startStack({ databaseUrl: database.connectionString })
    for (let index = 0; index < HOSTS; index += 1) {
      const sshd = await startSshd({ config: ['MaxStartups 100'] })
      const proxy = await startTcpProxy(sshd.port)
      const ledger = join(stack.directory, `host-${index}.ledger`)
      sshds.push(sshd)
      hosts.push(proxy)
      ledgers.push(ledger)
      const reached = { ...sshd, port: proxy.port }
      const env = { LEDGER: ledger }
      await stack.putHost(reached, {
        labels: ['fault'],
        max_concurrent: SLOTS,
        env,
        command: ['sh', '-c', COMMAND],
      })
    }
    seats.push(...(await Promise.all(Array.from({ length: DISPATCHERS }, seat))))
  }, 120_000)

  afterAll(async () => {
    for (const proxy of hosts) proxy.open()
    await stack.stop()
    await Promise.all([...hosts, ...seats.map((each) => each.database)].map((proxy) => proxy.stop()))
    await Promise.all(sshds.map((sshd) => sshd.stop()))
    await database.drop()
  }, 60_000)

  async function seat(): Promise<Seat> {
    const url = new URL(database.connectionString)
    const proxy = await startTcpProxy(Number(url.port))
    url.port = String(proxy.port)
    const start = () =>
      stack.startDispatcher({
        DATABASE_URL: url.href,
        SWITCHYARD_LEASE_SECONDS: String(LEASE_SECONDS),
        SWITCHYARD_RECONNECT_SECONDS: '2',
        SWITCHYARD_MAX_DELIVERIES: '1000',
      })
    return { dispatcher: await start(), database: proxy, start }
  }

  async function unfinished(): Promise<number> {
    const { rows } = await database.pool.query<{ count: number }>(
      'select count(*) as count from tasks where finished_at is null',
    )
    return rows[0]!.count
  }

  it(
    `all ${TASKS} tasks run exactly once, with every byte of their logs (SWITCHYARD_FAULT_SEED=${SEED})`,
    telling(
      () => stack,
      async () => {
        const ids: string[] = []
        for (let count = 0; count < TASKS; count += 1) {
          const task = await addTask(
            database.pool,
            { requestedMode: 'ssh_cli', requires: ['fault'], prompt: `task ${count}` },
            null,
          )
          ids.push(task.id)
        }
        const random = randomFrom(SEED)
        const done = new Map<string, number>()
        const calmAt = performance.now() + MISCHIEF_SECONDS * 1000
        while (performance.now() < calmAt && (await unfinished()) > 0) {
          await makeMischief({ random, seats, hosts, leaseMilliseconds: LEASE_SECONDS * 1000, done })
          await delay(300 * random())
        }
        await until('every task has ended', async () => (await unfinished()) === 0, CALM_SECONDS)

        const { rows: tasks } = await database.pool.query<{
          id: string
          status: string
          attempt: number
          error: unknown
        }>('select id, status, attempt, error from tasks')
        expect(tasks.filter(({ status }) => status !== 'succeeded')).toEqual([])
        const ledger = (await Promise.all(ledgers.map((path) => readFile(path, 'utf8')))).join('')
        const expected = tasks.flatMap(({ id, attempt }) => [
          `${id} ${attempt} began`,
          `${id} ${attempt} ended`,
        ])
        // No attempt of a task but the one that counts has ever begun.
        expect(ledger.trim().split('\n').sort()).toEqual(expected.sort())
        for (const { id } of tasks) {
          const lines = Array.from({ length: LINES }, (_, index) => `${index + 1} of ${id} €\n`)
          expect((await readLog(database.pool, id, null, 0))?.content.toString()).toBe(lines.join(''))
        }
        expect(ledgers.flatMap((path) => processesWithVariable(`LEDGER=${path}`))).toEqual([])
        const { rows } = await database.pool.query<{ event: string; count: number }>(
          'select event, count(*) as count from task_events group by event order by event',
        )
        const told = [...done].map(([what, times]) => `${what}: ${times}`)
        console.log(
          [`seed ${SEED}`, ...told, ...rows.map(({ event, count }) => `event ${event}: ${count}`)].join('\n'),
        )
      },
    ),
    (MISCHIEF_SECONDS + CALM_SECONDS + 60) * 1000,
  )
})
