import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import { fixedClock } from '@switchyard/platform'
import {
  adoptOrphan,
  appendLog,
  cancelTask,
  getTask,
  listTaskEvents,
  putHost,
  readLog,
  takeOrphans,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh, unreachable } from '../../support/fake-ssh.ts'
import type { FakeSsh, FakeSshOptions } from '../../support/fake-ssh.ts'
import { at } from '../../support/fixed-clock.ts'
import { testReplica } from '../../support/replica.ts'
import type { TestReplica } from '../../support/replica.ts'
import { addHost, addTask, newHost, orphanedTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('a run that nobody follows', () => {
  let database: TestDatabase
  beforeEach(async () => void (database = await createTestDatabase()))
  afterEach(() => database.drop())

  async function read(task: Task): Promise<Task | null> {
    return getTask(database.pool, task.id)
  }

  async function logOf({ id }: Task): Promise<string | undefined> {
    return (await readLog(database.pool, id, null, 0))?.content.toString()
  }

  async function eventsOf({ id }: Task): Promise<string[]> {
    return (await listTaskEvents(database.pool, id)).map(({ event, actor }) => `${event} ${actor}`)
  }

  /** A run that has said something, and whose dispatcher handed it over. */
  async function handedOver(options: FakeSshOptions = {}): Promise<{ task: Task; ssh: FakeSsh }> {
    await addHost(database.pool, { id: 'builder' })
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({ run: () => 'hold', ...options })
    const first = testReplica(database.pool, ssh, { id: 'first' })
    await first.cycle()
    await until('it is followed', () => ssh.followers() === 1)
    for (const run of ssh.running) run.write('one\n')
    await until('its output has come', () => {
      first.clock.advance(100)
      return logOf(task)
    })
    first.runs.drain()
    await first.runs.idle()
    return { task, ssh }
  }

  function replica(ssh: FakeSsh, seconds: number, id = 'second'): TestReplica {
    const one = testReplica(database.pool, ssh, { id })
    one.clock.set(at(seconds))
    return one
  }

  it('is followed by another replica, from the next byte to its real end', async () => {
    const { task, ssh } = await handedOver()
    const second = replica(ssh, 10)
    expect(await second.cycle()).toMatchObject({ adopted: 1 })
    await until('it is adopted', async () => (await read(task))?.status === 'running')
    expect(await read(task)).toMatchObject({ status: 'running', orphanedAt: null, leaseExpiresAt: at(100) })
    for (const run of ssh.running) {
      run.write('two\n')
      run.end({ code: 3 })
    }
    await second.runs.idle()
    expect(await read(task)).toMatchObject({ status: 'scheduled', error: { code: 'exit_code' }, attempt: 1 })
    expect((await readLog(database.pool, task.id, 1, 0))?.content.toString()).toBe('one\ntwo\n')
    expect((await eventsOf(task)).slice(2)).toEqual([
      'start first',
      'orphan first',
      'adopt second',
      'retry second',
    ])
    expect(ssh.started).toHaveLength(1)
  })

  it('has its time from when it started, whatever the clocks of those who follow it say', async () => {
    const { task, ssh } = await handedOver()
    const clock = fixedClock(at(10))
    const ahead = { ...clock, now: () => new Date(clock.now().getTime() + 3_600_000) }
    const policy = { leaseSeconds: 3600 }
    const second = testReplica(database.pool, ssh, { id: 'second', clock: ahead, policy })
    await second.cycle()
    await until('it is adopted', async () => (await read(task))?.status === 'running')
    clock.set(at(119))
    await nextTurn()
    expect(ssh.killed).toEqual([])
    clock.set(at(120))
    await second.runs.idle()
    expect(ssh.killed).toEqual([`${task.id}-1`])
    expect(await read(task)).toMatchObject({ status: 'scheduled', error: { code: 'timed_out' } })
  })

  it('that ended meanwhile, with all its output stored, still has its last lines as the summary', async () => {
    const { task, ssh } = await handedOver()
    for (const run of ssh.running) run.end({ code: 0 })
    const second = replica(ssh, 10)
    await second.cycle()
    await second.runs.idle()
    expect(await read(task)).toMatchObject({ status: 'succeeded', result: { summary: 'one', exit_code: 0 } })
  })

  it('is taken by one replica only, and the token of whoever had it before is dead', async () => {
    const { taskId, leaseToken } = await orphanedTask(database.pool)
    const options = { leaseSeconds: 90, limit: 100, now: at(100) }
    const taken = (await Promise.all([1, 2, 3, 4].map(() => takeOrphans(database.pool, options)))).flat()
    expect(taken.map(({ claim }) => claim.task.id)).toEqual([taskId])
    const late = { leaseSeconds: 90, actor: 'late', now: at(101) }
    expect(await adoptOrphan(database.pool, { taskId, leaseToken }, late)).toBeNull()
    const own = { taskId, leaseToken: taken[0]!.claim.leaseToken }
    expect(await adoptOrphan(database.pool, own, late)).toEqual({ cancelRequested: false })
    const piece = { offset: 0, text: 'x', maxBytes: 100 }
    expect(await appendLog(database.pool, { taskId, leaseToken, ...piece })).toEqual({ kind: 'lease_lost' })
    expect(await appendLog(database.pool, { ...own, ...piece })).toMatchObject({ kind: 'appended' })
  })

  it('that never started goes back to the queue, and costs no attempt', async () => {
    const { task } = await orphanedTask(database.pool)
    // Whoever took it back must not get it again at once.
    await database.pool.query('update agents set paused = true')
    const second = replica(fakeSsh(), 100)
    await second.cycle()
    await second.runs.idle()
    expect(await read(task)).toMatchObject({
      status: 'pending',
      attempt: 1,
      forgivenAttempts: 1,
      agentId: null,
    })
    expect((await eventsOf(task)).at(-1)).toBe('requeue second')
  })

  it('is not taken for never started where it would not have been', async () => {
    const { task, ssh } = await handedOver()
    await putHost(database.pool, newHost({ id: 'builder', user: 'somebody-else' }))
    await database.pool.query(`update tasks set log_bytes = 0`)
    const elsewhere = replica(fakeSsh(), 10)
    await elsewhere.cycle()
    await elsewhere.runs.idle()
    expect(await read(task)).toMatchObject({
      status: 'orphaned',
      orphanReason: expect.stringContaining('defined differently'),
    })
    await putHost(database.pool, newHost({ id: 'builder' }))
    const back = replica(ssh, 60)
    await back.cycle()
    await until('it is adopted', async () => (await read(task))?.status === 'running')
    for (const run of ssh.running) run.end({ code: 0 })
    await back.runs.idle()
    expect(await read(task)).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  it('whose host cannot be reached is asked for with growing pauses, then given up with the reason', async () => {
    const { task } = await handedOver()
    const away = replica(fakeSsh({ dial: unreachable }), 10)
    const askedAt: number[] = []
    for (let seconds = 10; seconds < 3700; seconds += 1) {
      away.clock.set(at(seconds))
      if ((await away.cycle()).adopted > 0) askedAt.push(seconds)
      await away.runs.idle()
      if ((await read(task))?.status !== 'orphaned') break
      if (askedAt.length > 8) seconds = Math.max(seconds, 3590)
    }
    expect(askedAt.slice(0, 8)).toEqual([10, 11, 13, 17, 25, 41, 73, 133])
    expect(await read(task)).toMatchObject({
      status: 'failed',
      error: { code: 'outcome_unknown', message: expect.stringContaining('no route to host') },
    })
    expect((await eventsOf(task)).at(-1)).toBe('abandon second')
  })

  it('on a host that is no longer configured stays an orphan, and says so', async () => {
    const { task, ssh } = await handedOver()
    await database.pool.query('delete from agents')
    const second = replica(ssh, 10)
    await second.cycle()
    await second.runs.idle()
    expect(await read(task)).toMatchObject({
      status: 'orphaned',
      orphanReason: 'host builder is no longer configured',
    })
  })

  it('is ended on its host when it is to be cancelled, by whoever finds it', async () => {
    const { task, ssh } = await handedOver()
    await cancelTask(database.pool, task.id, { reason: 'issue closed', actor: 'forge', now: at(5) })
    const second = replica(ssh, 10)
    await second.cycle()
    await second.runs.idle()
    expect(ssh.killed).toEqual([`${task.id}-1`])
    expect(await read(task)).toMatchObject({ status: 'cancelled', cancelReason: 'issue closed' })
  })

  it('counts as one that runs: its host gets no other task for its slot', async () => {
    const { ssh } = await handedOver()
    await addTask(database.pool, { requires: [] })
    expect(await replica(ssh, 10).cycle()).toMatchObject({ claimed: 0 })
  })
})
