import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readConfig, startDispatcher } from '@switchyard/dispatcher'
import type { Dispatcher } from '@switchyard/dispatcher'
import { createLog } from '@switchyard/platform'
import { getHost, getTask, listDispatchers, NewerSchemaError, updateAgent } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh } from '../../support/fake-ssh.ts'
import type { FakeSsh } from '../../support/fake-ssh.ts'
import { addAgent, addHost, addTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('a dispatcher', () => {
  let database: TestDatabase
  let directory: string
  let dispatcher: Dispatcher | undefined
  beforeEach(async () => {
    database = await createTestDatabase()
    directory = await mkdtemp(join(tmpdir(), 'switchyard-dispatcher-'))
  })
  afterEach(async () => {
    await dispatcher?.stop()
    dispatcher = undefined
    await database.drop()
    await rm(directory, { recursive: true })
  })

  async function start(ssh: FakeSsh, env: Record<string, string> = {}): Promise<Dispatcher> {
    const { config } = readConfig({
      DATABASE_URL: database.connectionString,
      SWITCHYARD_HEALTH_PORT: '0',
      SWITCHYARD_SHUTDOWN_GRACE_SECONDS: '10',
      ...env,
    })
    dispatcher = await startDispatcher(
      config,
      {},
      {
        ssh,
        log: createLog({ level: 'silent', service: 'dispatcher' }),
      },
    )
    return dispatcher
  }

  async function stop(): Promise<void> {
    await dispatcher?.stop()
    dispatcher = undefined
  }

  async function statusOf(id: string): Promise<string | undefined> {
    return (await getTask(database.pool, id))?.status
  }

  it('dispatches by itself, and answers about its health', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] }, null)
    const { healthPort } = await start(fakeSsh())
    await until('the task is done', async () => (await statusOf(task.id)) === 'succeeded')
    const ready = await fetch(`http://127.0.0.1:${healthPort}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
    // The database knows that the task is done before the run and the cycle that started it are counted.
    await until('run and cycle are counted', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text()
      return (
        /^switchyard_ssh_runs_total\{outcome="succeed"\} 1$/m.test(metrics) &&
        /^switchyard_dispatch_cycle_seconds_count [1-9]/m.test(metrics)
      )
    })
  })

  it('begins the next cycle as soon as a slot is free', async () => {
    await addHost(database.pool, { maxConcurrent: 1 })
    const tasks = []
    for (let count = 0; count < 3; count += 1)
      tasks.push(await addTask(database.pool, { requires: [] }, null))
    await start(fakeSsh(), { SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '3600' })
    for (const { id } of tasks)
      await until('the task is done', async () => (await statusOf(id)) === 'succeeded')
  })

  it('applies its hosts file', async () => {
    const file = join(directory, 'hosts.yaml')
    const key = `SHA256:${'A'.repeat(43)}`
    const fileWith = (id: string): string =>
      `hosts: [{id: ${id}, address: 127.0.0.1, user: me, host_key_sha256: '${key}', command: [agent], labels: [Linux]}]`
    await writeFile(file, fileWith('a'))
    await start(fakeSsh(), { SWITCHYARD_HOSTS_FILE: file })
    expect(await getHost(database.pool, 'a')).toMatchObject({ hostKeySha256: key, labels: ['linux'] })
    await stop()

    await writeFile(file, fileWith('b'))
    await addAgent(database.pool, { id: 'b' })
    await expect(start(fakeSsh(), { SWITCHYARD_HOSTS_FILE: file })).rejects.toThrow(
      `${file}: b: the id belongs to a registered http_pull agent`,
    )
  })

  it('leaves a host as paused as it is, unless the hosts file says otherwise', async () => {
    const file = join(directory, 'hosts.yaml')
    const fileWith = (more: string): string =>
      `hosts: [{id: a, address: 127.0.0.1, user: me, host_key_sha256: 'SHA256:${'A'.repeat(43)}', command: [agent]${more}}]`
    async function restart(more: string): Promise<boolean | undefined> {
      await writeFile(file, fileWith(more))
      await start(fakeSsh(), { SWITCHYARD_HOSTS_FILE: file })
      await stop()
      return (await getHost(database.pool, 'a'))?.paused
    }
    expect(await restart('')).toBe(false)
    await updateAgent(database.pool, 'a', { paused: true })
    expect(await restart('')).toBe(true)
    expect(await restart(', paused: false')).toBe(false)
    expect(await restart(', paused: true')).toBe(true)
  })

  it('does not start on a schema that is newer than it knows', async () => {
    await database.pool.query(`insert into schema_migrations (name, run_on) values ('9999_later', now())`)
    await expect(start(fakeSsh())).rejects.toThrow(NewerSchemaError)
  })

  it('lets go of what runs when it stops, and the next one adopts it', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] }, null)
    const ssh = fakeSsh({ run: () => 'hold' })
    const { id } = await start(ssh)
    await until('it runs', () => ssh.followers() === 1)
    await until('it is listed', async () =>
      (await listDispatchers(database.pool)).some((one) => one.id === id),
    )
    await stop()
    expect([ssh.running.size, ssh.killed]).toEqual([1, []])
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'orphaned',
      attempt: 1,
      orphanReason: 'the dispatcher was stopped',
    })
    expect(await listDispatchers(database.pool)).toEqual([])

    await start(ssh)
    await until('it is followed again', () => ssh.followers() === 1)
    for (const run of ssh.running) run.end({ code: 0 })
    await until('the task is done', async () => (await statusOf(task.id)) === 'succeeded')
    expect(ssh.started).toHaveLength(1)
    expect(await getTask(database.pool, task.id)).toMatchObject({ attempt: 1, forgivenAttempts: 0 })
  })

  it('gives back at once what has not started when it stops', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] }, null)
    const ssh = fakeSsh({
      dial: (_, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
    })
    await start(ssh, { SWITCHYARD_SHUTDOWN_GRACE_SECONDS: '3600' })
    await until('it dials', () => ssh.dials.length === 1)
    await stop()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'pending',
      attempt: 0,
      deliveries: 1,
    })
  })

  it('survives that PostgreSQL cuts its connections', async () => {
    await addHost(database.pool)
    await start(fakeSsh(), { SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '0.3' })
    for (let times = 0; times < 3; times += 1) {
      await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'switchyard-%' and pid <> pg_backend_pid()`,
      )
      const task = await addTask(database.pool, { requires: [] }, null)
      await until('the task is done', async () => (await statusOf(task.id)) === 'succeeded')
    }
  })

  it('waits for a database that is away when it starts, until it is told to stop', async () => {
    const { config } = readConfig({
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      SWITCHYARD_HEALTH_PORT: '0',
    })
    const stopping = new AbortController()
    const starting = startDispatcher(
      config,
      {},
      {
        ssh: fakeSsh(),
        log: createLog({ level: 'silent', service: 'dispatcher' }),
        signal: stopping.signal,
      },
    )
    stopping.abort()
    await (await starting).stop()
  })
})
