import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  cancelTask,
  completeClaim,
  getHost,
  getTask,
  listDispatchers,
  listTaskEvents,
  requestHostCheck,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh, unreachable } from '../../support/fake-ssh.ts'
import type { FakeSsh } from '../../support/fake-ssh.ts'
import { at } from '../../support/fixed-clock.ts'
import { createGate } from '../../support/gate.ts'
import { testReplica } from '../../support/replica.ts'
import type { TestReplica } from '../../support/replica.ts'
import { addHost, addTask, claimedTask, runningTask, taskIn } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('the dispatch cycle', () => {
  let database: TestDatabase
  let replica: TestReplica
  beforeEach(async () => {
    database = await createTestDatabase()
    replica = testReplica(database.pool, fakeSsh())
  })
  afterEach(() => database.drop())

  async function eventsOf(taskId: string): Promise<string[]> {
    return (await listTaskEvents(database.pool, taskId)).map(({ event }) => event)
  }

  describe('phase 2', () => {
    it('makes a task http_pull that no host took within the timeout, and not before', async () => {
      const task = await addTask(database.pool)
      replica.clock.set(at(29.9))
      expect(await replica.cycle()).toMatchObject({ flipped: 0 })
      expect(await getTask(database.pool, task.id)).toMatchObject({ executionMode: 'undecided' })
      replica.clock.set(at(30))
      expect(await replica.cycle()).toMatchObject({ flipped: 1 })
      expect(await getTask(database.pool, task.id)).toMatchObject({
        status: 'pending',
        executionMode: 'http_pull',
        modeDecidedBy: 'timeout',
        modeReason: 'no host took it within 30 s',
      })
      expect(await replica.metrics.text()).toMatch(/^switchyard_flips_total 1$/m)
    })

    it('comes after phase 1: a host that is free gets a late task', async () => {
      const task = await addTask(database.pool, { requires: [] })
      await addHost(database.pool)
      replica.clock.set(at(3600))
      expect(await replica.cycle()).toMatchObject({ claimed: 1, flipped: 0 })
      await replica.runs.idle()
      expect(await getTask(database.pool, task.id)).toMatchObject({
        executionMode: 'ssh_cli',
        status: 'succeeded',
      })
    })

    it('never touches a task that is ssh_cli by request', async () => {
      const task = await addTask(database.pool, { requestedMode: 'ssh_cli' })
      replica.clock.set(at(7200))
      expect(await replica.cycle()).toMatchObject({ flipped: 0 })
      expect(await getTask(database.pool, task.id)).toMatchObject({
        status: 'pending',
        executionMode: 'ssh_cli',
      })
    })

    it('flips any number of late tasks in one cycle', async () => {
      await database.pool.query(
        `insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_reason, priority,
                            requires, max_attempts, source, created_by, pending_since)
         select gen_random_uuid(), 't', 'p', 'pending', 'undecided', 'undecided', 'creator', 'as requested', 3,
                '{none}', 3, '{"kind":"api"}', 'test', $1 from generate_series(1, 1200)`,
        [at(0)],
      )
      replica.clock.set(at(31))
      expect(await replica.cycle()).toMatchObject({ flipped: 1200 })
      // One that has much to do may have left something: the next one comes early.
      await replica.bell.sleep(replica.clock, 10_000, new AbortController().signal)
    })

    it('counts from when a task entered the queue, a dead host notwithstanding', async () => {
      await addHost(database.pool)
      const task = await addTask(database.pool, { requires: [] })
      const dead = testReplica(database.pool, fakeSsh({ dial: unreachable }))
      for (const seconds of [0, 10, 30]) {
        dead.clock.set(at(seconds))
        await dead.cycle()
        await dead.runs.idle()
      }
      // The third try may have been under way during phase 2 of its own cycle.
      await dead.cycle()
      expect(await getTask(database.pool, task.id)).toMatchObject({ executionMode: 'http_pull', attempt: 0 })
    })
  })

  describe('expiry', () => {
    it('gives a task back that was not started in time, without counting the attempt', async () => {
      const { taskId } = await claimedTask(database.pool)
      replica.clock.set(at(29))
      expect(await replica.cycle()).toMatchObject({ expired: 0 })
      replica.clock.set(at(30))
      expect(await replica.cycle()).toMatchObject({ expired: 1 })
      expect(await getTask(database.pool, taskId)).toMatchObject({ attempt: 0, deliveries: 1, agentId: null })
      expect(await eventsOf(taskId)).toContain('unclaim')
    })

    it('schedules another attempt when a pulling agent fell silent', async () => {
      const { taskId } = await runningTask(database.pool)
      replica.clock.set(at(90))
      expect(await replica.cycle()).toMatchObject({ expired: 1 })
      expect(await getTask(database.pool, taskId)).toMatchObject({
        status: 'scheduled',
        runAt: at(100),
        error: { code: 'lease_expired' },
      })
      replica.clock.set(at(100))
      expect(await replica.cycle()).toMatchObject({ due: 1 })
      expect(await getTask(database.pool, taskId)).toMatchObject({
        status: 'pending',
        executionMode: 'undecided',
      })
    })

    it('fails when no attempt is left', async () => {
      const { taskId } = await runningTask(database.pool, { maxAttempts: 1 })
      replica.clock.set(at(90))
      await replica.cycle()
      expect(await getTask(database.pool, taskId)).toMatchObject({
        status: 'failed',
        error: { code: 'lease_expired' },
      })
    })

    it('orphans an ssh_cli run whose dispatcher is gone, and never puts it back into the queue', async () => {
      const { taskId } = await runningTask(database.pool, {}, { mode: 'ssh_cli' })
      const away = testReplica(database.pool, fakeSsh({ dial: unreachable }))
      away.clock.set(at(90))
      expect(await away.cycle()).toMatchObject({ expired: 1, adopted: 1 })
      await away.runs.idle()
      expect(await getTask(database.pool, taskId)).toMatchObject({
        status: 'orphaned',
        orphanedAt: at(90),
        orphanReason: expect.stringContaining('no route to host'),
      })
      expect((await eventsOf(taskId)).at(-1)).toBe('orphan')
    })

    it('ends as cancelled what was to be cancelled', async () => {
      const { taskId } = await runningTask(database.pool)
      await cancelTask(database.pool, taskId, { reason: 'issue closed', actor: 'forge', now: at(1) })
      replica.clock.set(at(90))
      await replica.cycle()
      expect(await getTask(database.pool, taskId)).toMatchObject({ status: 'cancelled' })
    })
  })

  it('lets a waiting task in whose predecessor ended without admitting it', async () => {
    const held = await runningTask(database.pool, { concurrencyKey: 'acme/site#7' })
    const waiting = await addTask(database.pool, { concurrencyKey: 'acme/site#7' })
    expect(await replica.cycle()).toMatchObject({ admitted: 0 })
    // As a process leaves it that dies right after the end.
    await database.pool.query(
      `update tasks set status = 'succeeded', finished_at = now(), lease_token = null, lease_expires_at = null where id = $1`,
      [held.taskId],
    )
    expect(await replica.cycle()).toMatchObject({ admitted: 1 })
    expect(await getTask(database.pool, waiting.id)).toMatchObject({ status: 'pending' })
  })

  it('deletes what is old, once an hour', async () => {
    const { task } = await taskIn(database.pool, 'succeeded')
    replica.clock.set(at(31 * 24 * 3600))
    expect(await replica.cycle()).toMatchObject({ deleted: 1 })
    expect(await getTask(database.pool, task.id)).toBeNull()
    const held = await runningTask(database.pool)
    await completeClaim(database.pool, held, { result: {}, actor: 'test', now: at(1) })
    expect(await replica.cycle()).toMatchObject({ deleted: 0 })
    replica.clock.advance(3_600_000)
    // Transactions of other tests' databases on the same server count as well.
    await until('those who may not have seen that the lane was marked have ended', async () => {
      const { rows } = await database.pool.query<{ over: boolean }>(
        'select bool_and(unused_behind <= pg_snapshot_xmin(pg_current_snapshot())) as over from lanes',
      )
      return rows[0]?.over === true
    })
    // The second task, and the lane of the first: at the first pass nothing waited in it any more.
    expect(await replica.cycle()).toMatchObject({ deleted: 2 })
    const { rows } = await database.pool.query('select requires from lanes')
    expect(rows).toEqual([{ requires: held.task.requires }])
  })

  async function addOldDeliveries(count: number): Promise<void> {
    await database.pool.query(
      `insert into deliveries (id, forge, event, event_type, headers, body, outcome, reason, received_at)
       select gen_random_uuid(), 'gitea', 'push', 'push', '{}', '', 'ignored', 'no rule', $1 from generate_series(1, $2::integer)`,
      [at(0), count],
    )
  }

  it('goes on deleting in the next cycle when there was more than one pass takes', async () => {
    await addOldDeliveries(10_001)
    replica.clock.set(at(31 * 24 * 3600))
    expect(await replica.cycle()).toMatchObject({ deleted: 10_000 })
    expect(await replica.cycle()).toMatchObject({ deleted: 1 })
  })

  it('is through for an hour with a pass that deletes less than the most of each kind, however much that is together', async () => {
    await addOldDeliveries(9_999)
    await taskIn(database.pool, 'succeeded')
    replica.clock.set(at(31 * 24 * 3600))
    expect(await replica.cycle()).toMatchObject({ deleted: 10_000 })
    await addOldDeliveries(1)
    expect(await replica.cycle()).toMatchObject({ deleted: 0 })
  })

  it('reports that it is alive', async () => {
    await replica.cycle()
    expect(await listDispatchers(database.pool)).toMatchObject([
      { id: 'dispatcher-under-test', draining: false },
    ])
  })

  it('is still alive minutes after its last cycle when its cycles are minutes apart', async () => {
    const slow = testReplica(database.pool, fakeSsh(), { id: 'slow', policy: { intervalSeconds: 300 } })
    await slow.cycle()
    await replica.cycle()
    await database.pool.query(`update dispatchers set last_cycle_at = last_cycle_at - interval '10 minutes'`)
    expect((await listDispatchers(database.pool)).map(({ id }) => id)).toEqual(['slow'])
  })

  it('checks a host when somebody asks for it', async () => {
    const hostId = await addHost(database.pool)
    let dead = true
    const checking = testReplica(database.pool, fakeSsh({ dial: () => (dead ? unreachable() : null) }))
    await requestHostCheck(database.pool, hostId)
    expect(await checking.cycle()).toMatchObject({ checks: 1 })
    await checking.checks.settled()
    expect(await getHost(database.pool, hostId)).toMatchObject({ lastError: 'no route to host' })
    dead = false
    await requestHostCheck(database.pool, hostId)
    expect(await checking.cycle()).toMatchObject({ checks: 1 })
    await checking.checks.settled()
    const host = await getHost(database.pool, hostId)
    expect(host).toMatchObject({ lastError: null, shownHostKeySha256: host?.hostKeySha256 })
    expect(await checking.cycle()).toMatchObject({ checks: 0 })
  })

  describe('probing', () => {
    const probing = (ssh: FakeSsh, id = 'first') =>
      testReplica(database.pool, ssh, { id, policy: { hostCheckSeconds: 300 } })

    async function age(hostId: string): Promise<void> {
      await database.pool.query(`update hosts set last_check_at = now() - interval '1 hour' where id = $1`, [
        hostId,
      ])
    }

    it('checks each host that nobody has checked for long, once among all replicas', async () => {
      const hostId = await addHost(database.pool)
      await addHost(database.pool, { paused: true })
      const replicas = [probing(fakeSsh()), probing(fakeSsh(), 'second')]
      const reports = await Promise.all(replicas.map((each) => each.cycle()))
      expect(reports.reduce((sum, { checks }) => sum + checks, 0)).toBe(1)
      await Promise.all(replicas.map((each) => each.checks.settled()))
      expect(await getHost(database.pool, hostId)).toMatchObject({
        lastCheck: { remoteUser: 'agent', findings: { command: { outcome: 'ok' } } },
        blockedReason: null,
      })
      expect(await replicas[0]?.cycle()).toMatchObject({ checks: 0 })
      await age(hostId)
      expect(await replicas[1]?.cycle()).toMatchObject({ checks: 1 })
      await replicas[1]?.checks.settled()
    })

    it('does not wait for a host that is slow to answer, and asks only so many at a time', async () => {
      for (let count = 0; count < 10; count++) await addHost(database.pool)
      const gate = createGate()
      const slow = probing(fakeSsh({ dial: () => gate.opened.then(() => null) }))
      expect(await slow.cycle()).toMatchObject({ checks: 8 })
      expect(await slow.cycle()).toMatchObject({ checks: 0 })
      gate.open()
      await slow.checks.settled()
      expect(await slow.cycle()).toMatchObject({ checks: 2 })
      await slow.checks.settled()
    })

    it('leaves a host alone for a while that cannot be reached, until a check is good', async () => {
      const hostId = await addHost(database.pool)
      let dead = true
      const replica = probing(fakeSsh({ dial: () => (dead ? unreachable() : null) }))
      await replica.cycle()
      await replica.checks.settled()
      const host = await getHost(database.pool, hostId)
      expect(host).toMatchObject({ failures: 1, lastError: 'no route to host' })
      expect(host?.coolingDownUntil?.getTime()).toBeGreaterThan(host?.checkedAt?.getTime() ?? 0)
      expect(host?.lastCheck?.findings.connection).toMatchObject({ outcome: 'problem' })
      dead = false
      await age(hostId)
      await replica.cycle()
      await replica.checks.settled()
      expect(await getHost(database.pool, hostId)).toMatchObject({
        failures: 0,
        coolingDownUntil: null,
        lastError: null,
      })
    })

    it('keeps tasks from a host on which none would work, until a check is good', async () => {
      const hostId = await addHost(database.pool)
      let missing = true
      const command = { kind: 'command_not_found', message: 'no program' } as const
      const replica = probing(fakeSsh({ examine: () => (missing ? { command } : {}) }))
      await replica.cycle()
      await replica.checks.settled()
      const task = await addTask(database.pool, { requires: [], requestedMode: 'ssh_cli' })
      expect(await replica.cycle()).toMatchObject({ claimed: 0 })
      expect(await getHost(database.pool, hostId)).toMatchObject({
        blockedReason: expect.stringContaining('no program'),
        lastError: null,
      })
      missing = false
      await age(hostId)
      await replica.cycle()
      await replica.checks.settled()
      expect(await replica.cycle()).toMatchObject({ claimed: 1 })
      await replica.runs.idle()
      expect(await getTask(database.pool, task.id)).toMatchObject({ status: 'succeeded' })
    })

    it('says nothing about a host when it is the dispatcher that stops', async () => {
      const hostId = await addHost(database.pool)
      const stopped = { kind: 'cancelled', message: 'the check was cancelled' } as const
      const replica = probing(fakeSsh({ dial: () => stopped }))
      await replica.cycle()
      await replica.checks.settled()
      expect(await getHost(database.pool, hostId)).toMatchObject({ lastCheck: null, lastError: null })
    })
  })

  it('goes on with the other phases when one fails', async () => {
    const task = await addTask(database.pool)
    await database.pool.query('alter table agents rename to mislaid_agents')
    replica.clock.set(at(30))
    expect(await replica.cycle()).toMatchObject({ failedPhases: ['match'], flipped: 1 })
    expect(await getTask(database.pool, task.id)).toMatchObject({ executionMode: 'http_pull' })
  })
})
