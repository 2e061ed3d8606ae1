import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { getHost, getTask, listTaskEvents, recordDialSuccess } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh, unreachable } from '../../support/fake-ssh.ts'
import { at } from '../../support/fixed-clock.ts'
import { testReplica } from '../../support/replica.ts'
import { addHost, addTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('phase 1', () => {
  let database: TestDatabase
  beforeEach(async () => void (database = await createTestDatabase()))
  afterEach(() => database.drop())

  it('gives an undecided task to a host that offers what it requires, and leaves the others undecided', async () => {
    const { pool } = database
    const hostId = await addHost(pool, { labels: ['docker', 'linux'], maxConcurrent: 5 })
    const fitting = await addTask(pool, { requires: ['linux'] })
    const other = await addTask(pool, { requires: ['linux', 'gpu'] })
    const replica = testReplica(pool, fakeSsh())

    expect(await replica.cycle()).toMatchObject({ claimed: 1, failedPhases: [] })
    await replica.runs.idle()

    expect(await getTask(pool, fitting.id)).toMatchObject({
      status: 'succeeded',
      executionMode: 'ssh_cli',
      modeDecidedBy: 'dispatcher',
      modeReason: `undecided until it was matched to host ${hostId}`,
      agentId: hostId,
      attempt: 1,
    })
    expect(await getTask(pool, other.id)).toMatchObject({ status: 'pending', executionMode: 'undecided' })
    const events = await listTaskEvents(pool, fitting.id)
    expect(events.map(({ event }) => event)).toEqual(['created', 'claim', 'start', 'succeed'])
    expect(await replica.metrics.text()).toMatch(/^switchyard_ssh_claims_total 1$/m)
  })

  it('takes ssh_cli tasks too, and never one that is http_pull by request', async () => {
    const { pool } = database
    await addHost(pool, { maxConcurrent: 5 })
    const pushed = await addTask(pool, { requestedMode: 'ssh_cli', requires: [] })
    const pulled = await addTask(pool, { requestedMode: 'http_pull', requires: [] })
    const replica = testReplica(pool, fakeSsh())
    await replica.cycle()
    await replica.runs.idle()
    expect(await getTask(pool, pushed.id)).toMatchObject({ status: 'succeeded', modeDecidedBy: 'creator' })
    expect(await getTask(pool, pulled.id)).toMatchObject({ status: 'pending', executionMode: 'http_pull' })
  })

  it('leaves a paused host alone', async () => {
    const { pool } = database
    await addHost(pool, { paused: true })
    await addTask(pool, { requires: [] })
    expect(await testReplica(pool, fakeSsh()).cycle()).toMatchObject({ claimed: 0 })
  })

  it('serves the host with the greatest share of free slots first', async () => {
    const { pool } = database
    const busy = await addHost(pool, { id: 'a-busy', maxConcurrent: 2 })
    const ssh = fakeSsh({ run: () => 'hold' })
    const replica = testReplica(pool, ssh)
    await addTask(pool, { requires: [] })
    await replica.cycle()
    await until('the first task runs', () => ssh.running.size === 1)
    const free = await addHost(pool, { id: 'b-free', maxConcurrent: 2 })
    await addTask(pool, { requires: [] })
    await replica.cycle()
    await until('the second task runs', () => ssh.running.size === 2)
    expect(ssh.started.map(({ target }) => target.id)).toEqual([busy, free])
    for (const run of ssh.running) run.end({ code: 0 })
    await replica.runs.idle()
  })

  it('makes a task undecided again when the dial fails, and cools the host down', async () => {
    const { pool } = database
    const hostId = await addHost(pool, { maxConcurrent: 3 })
    const tasks = [await addTask(pool, { requires: [] }), await addTask(pool, { requires: [] })]
    const ssh = fakeSsh({ dial: unreachable })
    const replica = testReplica(pool, ssh)

    expect(await replica.cycle()).toMatchObject({ claimed: 2 })
    await replica.runs.idle()

    for (const { id } of tasks) {
      expect(await getTask(pool, id)).toMatchObject({
        status: 'pending',
        executionMode: 'undecided',
        attempt: 0,
        deliveries: 1,
        pendingSince: at(0),
        modeReason: `undecided again: host ${hostId} could not be dialled: no route to host`,
      })
    }
    expect(await getHost(pool, hostId)).toMatchObject({
      failures: 1,
      lastError: 'no route to host',
      coolingDownUntil: at(10),
    })
    replica.clock.set(at(9))
    expect(await replica.cycle()).toMatchObject({ claimed: 0 })
    expect(await replica.metrics.text()).toMatch(/switchyard_ssh_dials_total\{outcome="unreachable"\} 2/)
  })

  it('tries a host that failed with one task only, and pauses for longer when it fails again', async () => {
    const { pool } = database
    const hostId = await addHost(pool, { maxConcurrent: 3 })
    for (let count = 0; count < 4; count += 1) await addTask(pool, { requires: [] }, at(15))
    let dead = true
    const replica = testReplica(pool, fakeSsh({ dial: () => (dead ? unreachable() : null) }))
    await replica.cycle()
    await replica.runs.idle()

    replica.clock.set(at(20))
    expect(await replica.cycle()).toMatchObject({ claimed: 1 })
    await replica.runs.idle()
    expect(await getHost(pool, hostId)).toMatchObject({ failures: 2, coolingDownUntil: at(40) })

    replica.clock.set(at(40))
    dead = false
    expect(await replica.cycle()).toMatchObject({ claimed: 1 })
    await replica.runs.idle()
    expect(await getHost(pool, hostId)).toMatchObject({
      failures: 0,
      coolingDownUntil: null,
      lastError: null,
    })
    expect(await replica.cycle()).toMatchObject({ claimed: 3 })
    await replica.runs.idle()
  })

  it('tries a host that failed again although something still runs on it', async () => {
    const { pool } = database
    await addHost(pool, { maxConcurrent: 3 })
    let dead = false
    const ssh = fakeSsh({ dial: () => (dead ? unreachable() : null), run: () => 'hold' })
    const replica = testReplica(pool, ssh)
    await addTask(pool, { requires: [] })
    await replica.cycle()
    await until('it runs', () => ssh.running.size === 1)
    dead = true
    await addTask(pool, { requires: [] })
    await replica.cycle()
    await until('the dial has failed', () => replica.runs.count() === 1)
    dead = false
    replica.clock.set(at(10))
    expect(await replica.cycle()).toMatchObject({ claimed: 1 })
    await until('both run', () => ssh.running.size === 2)
    for (const run of ssh.running) run.end({ code: 0 })
    await replica.runs.idle()
  })

  it('cools down a host that lets us in and then starts nothing', async () => {
    const { pool } = database
    const hostId = await addHost(pool)
    const task = await addTask(pool, { requires: [] })
    const replica = testReplica(pool, fakeSsh({ run: () => ({ kind: 'not_started', message: 'no shell' }) }))
    await replica.cycle()
    await replica.runs.idle()
    expect(await getTask(pool, task.id)).toMatchObject({
      status: 'pending',
      executionMode: 'undecided',
      attempt: 0,
    })
    expect(await getHost(pool, hostId)).toMatchObject({ failures: 1, lastError: 'no shell' })
  })

  it('fails a task that was handed out too often without being started', async () => {
    const { pool } = database
    const hostId = await addHost(pool)
    const task = await addTask(pool, { requires: [], requestedMode: 'ssh_cli' })
    const replica = testReplica(pool, fakeSsh({ dial: unreachable }), { policy: { maxDeliveries: 2 } })
    for (let tries = 0; tries < 2; tries += 1) {
      await recordDialSuccess(pool, hostId, replica.clock.sqlNow())
      await replica.cycle()
      await replica.runs.idle()
    }
    expect(await getTask(pool, task.id)).toMatchObject({ status: 'failed', error: { code: 'undeliverable' } })
  })

  it('never fills more slots than a host has, however many dispatchers compete', async () => {
    const { pool } = database
    const hosts = [await addHost(pool, { maxConcurrent: 2 }), await addHost(pool, { maxConcurrent: 3 })]
    const tasks = []
    for (let count = 0; count < 30; count += 1) tasks.push(await addTask(pool, { requires: [] }))
    const ssh = fakeSsh({ run: () => 'hold' })
    const replicas = ['one', 'two', 'three'].map((id) => testReplica(pool, ssh, { id }))

    while (ssh.started.length < tasks.length) {
      await Promise.all(replicas.map((replica) => replica.cycle()))
      const { rows } = await pool.query<{ agent_id: string; held: number }>(
        `select agent_id, count(*) as held from tasks where status in ('claimed', 'running') group by agent_id`,
      )
      for (const { agent_id: id, held } of rows) expect(held).toBeLessThanOrEqual(id === hosts[0] ? 2 : 3)
      const expected = Math.min(
        rows.reduce((sum, { held }) => sum + held, 0),
        tasks.length,
      )
      await until('the claimed tasks run', () => ssh.running.size >= expected)
      for (const run of ssh.running) run.end({ code: 0 })
      await until('they have ended', () => ssh.running.size === 0)
      // Until that is written down they hold their slots, and would be waited for above as if they still ran.
      await Promise.all(replicas.map((replica) => replica.runs.idle()))
    }

    expect(ssh.mostAtOnce.get(hosts[0] ?? '')).toBe(2)
    expect(ssh.mostAtOnce.get(hosts[1] ?? '')).toBe(3)
    const ids = ssh.started.map(({ request }) => request.environment['SWITCHYARD_TASK_ID'])
    expect(new Set(ids).size).toBe(tasks.length)
    expect(ids).toHaveLength(tasks.length)
    for (const { id } of tasks)
      expect(await getTask(pool, id)).toMatchObject({ status: 'succeeded', attempt: 1 })
  })
})
