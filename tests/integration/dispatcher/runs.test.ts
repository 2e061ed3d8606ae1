import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import type { Policy } from '@switchyard/dispatcher'
import type { LaunchRequest } from '@switchyard/dispatcher/ssh'
import { assignTask, cancelTask, getHost, getTask, listTaskEvents, readLog } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh, unreachable } from '../../support/fake-ssh.ts'
import type { FakeSsh, FakeSshOptions, FakeStart } from '../../support/fake-ssh.ts'
import { at } from '../../support/fixed-clock.ts'
import { testReplica } from '../../support/replica.ts'
import type { TestReplica } from '../../support/replica.ts'
import { addHost, addTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('a run over SSH', () => {
  let database: TestDatabase
  beforeEach(async () => void (database = await createTestDatabase()))
  afterEach(() => database.drop())

  async function read(task: Task): Promise<Task | null> {
    return getTask(database.pool, task.id)
  }

  async function eventsOf(task: Task): Promise<string[]> {
    return (await listTaskEvents(database.pool, task.id)).map(({ event }) => event)
  }

  /** Runs one task on a host of its own, and gives what became of it. */
  async function runOnce(
    run: (request: LaunchRequest) => FakeStart | Promise<FakeStart>,
    host: Parameters<typeof addHost>[1] = {},
  ): Promise<Task | null> {
    await addHost(database.pool, { id: 'builder', ...host })
    const task = await addTask(database.pool, { requires: [] })
    const replica = testReplica(database.pool, fakeSsh({ run }))
    await replica.cycle()
    await replica.runs.idle()
    return read(task)
  }

  /** Starts one task that runs until it is stopped or ended. */
  async function startOne(
    options: FakeSshOptions = {},
    policy: Partial<Policy> = {},
  ): Promise<{ task: Task; ssh: FakeSsh; replica: TestReplica }> {
    await addHost(database.pool, { id: 'builder' })
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({ run: () => 'hold', ...options })
    const replica = testReplica(database.pool, ssh, { policy })
    await replica.cycle()
    await until('it runs', () => ssh.running.size === 1 && ssh.followers() === 1)
    return { task, ssh, replica }
  }

  it('gets the prompt, the ids and the host’s own variables', async () => {
    await addHost(database.pool, {
      id: 'builder',
      command: ['agent', '--print'],
      workdir: '/work',
      env: { CI: '1', SWITCHYARD_ATTEMPT: 'mine' },
      timeoutSeconds: 77,
    })
    const task = await addTask(database.pool, {
      title: 'Fix it',
      prompt: 'Please fix it.',
      requires: [],
      source: {
        kind: 'forgejo',
        repository: 'acme/site',
        issue_number: 7,
        url: 'http://127.0.0.1/acme/site/issues/7',
        event: 'issues',
        action: 'opened',
        sender: 'ford',
        delivery_id: null,
      },
    })
    const ssh = fakeSsh()
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(ssh.started[0]?.request).toMatchObject({
      command: ['agent', '--print'],
      workdir: '/work',
      prompt: 'Please fix it.',
      timeoutSeconds: 77,
      environment: {
        CI: '1',
        SWITCHYARD_TASK_ID: task.id,
        SWITCHYARD_ATTEMPT: '1',
        SWITCHYARD_AGENT_ID: 'builder',
        SWITCHYARD_REPOSITORY: 'acme/site',
        SWITCHYARD_ISSUE: '7',
        SWITCHYARD_SOURCE_URL: 'http://127.0.0.1/acme/site/issues/7',
        SWITCHYARD_TITLE: 'Fix it',
      },
    })
  })

  it('leaves out variables of a source that does not have them', async () => {
    let environment: Readonly<Record<string, string>> = {}
    await runOnce((request) => {
      environment = request.environment
      return { code: 0 }
    })
    expect(Object.keys(environment).sort()).toEqual([
      'SWITCHYARD_AGENT_ID',
      'SWITCHYARD_ATTEMPT',
      'SWITCHYARD_TASK_ID',
      'SWITCHYARD_TITLE',
    ])
  })

  it('keeps the output, and the last lines as the summary of the result', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({ run: () => 'hold' })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    const run = await until('it runs', () => [...ssh.running][0])
    run.write('grüße\n')
    run.write('done\u0000\n')
    run.end({ code: 0 })
    await replica.runs.idle()
    expect(await read(task)).toMatchObject({
      status: 'succeeded',
      result: { summary: 'grüße\ndone', exit_code: 0 },
    })
    const log = await readLog(database.pool, task.id, null, 0)
    expect(log?.content.toString()).toBe('grüße\ndone\u0000\n')
    expect(log?.complete).toBe(true)
  })

  it('is running in the database before its command starts', async () => {
    const { task, ssh, replica } = await startOne()
    expect(await read(task)).toMatchObject({ status: 'running', leaseExpiresAt: at(90), startedAt: at(0) })
    for (const run of ssh.running) run.end({ code: 0 })
    await replica.runs.idle()
  })

  it('schedules another attempt for an exit code other than 0', async () => {
    expect(await runOnce(() => ({ code: 3 }))).toMatchObject({
      status: 'scheduled',
      runAt: at(10),
      executionMode: 'undecided',
      error: { code: 'exit_code', message: 'The command exited with code 3 on host builder.' },
    })
  })

  it.each([
    [{ code: 137 }, 'scheduled', 'killed_by_signal'],
    [{ code: 143, timedOut: true }, 'scheduled', 'timed_out'],
    ['lost', 'scheduled', 'process_vanished'],
    [{ kind: 'workdir_missing', message: 'no such directory' }, 'failed', 'workdir_missing'],
    [{ kind: 'command_not_found', message: 'no such program' }, 'failed', 'command_not_found'],
  ] as const)('ends after %j as %s, %s', async (result, status, code) => {
    expect(await runOnce(() => result)).toMatchObject({ status, error: { code } })
  })

  it('is settled whatever its output and its host say', async () => {
    const line = `x${'🚀'.repeat(300)}`
    await addHost(database.pool, { id: 'builder' })
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({ run: () => 'hold' })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    const run = await until('it runs', () => [...ssh.running][0])
    run.write(line)
    run.end({ code: 3 })
    await replica.runs.idle()
    const { error } = (await read(task))!
    expect(error?.message).toMatch(/Its last line: x(🚀)+…$/u)
  })

  it('goes back to the queue when its host says what PostgreSQL cannot store', async () => {
    const task = await runOnce(() => ({ kind: 'not_started', message: 'a\0b\ud83dc' }))
    expect(task).toMatchObject({ status: 'pending' })
    expect(await eventsOf(task!)).toContain('unclaim')
    expect(await getHost(database.pool, 'builder')).toMatchObject({ failures: 1, lastError: 'ab\ufffdc' })
  })

  it('whose end PostgreSQL refuses to keep ends all the same, and says so', async () => {
    await database.pool.query(`alter table tasks add constraint no_results check (result is null)`)
    expect(await runOnce(() => ({ code: 0 }))).toMatchObject({
      status: 'failed',
      error: { code: 'outcome_unknown', message: expect.stringContaining('no_results') },
    })
  })

  it('trusts a host on which only the command is wrong', async () => {
    await runOnce(() => ({ kind: 'command_not_found', message: 'no such program' }))
    expect(await getHost(database.pool, 'builder')).toMatchObject({ failures: 0, lastError: null })
  })

  it('renews its lease, and is ended on its host when somebody cancels', async () => {
    const { task, ssh, replica } = await startOne()
    replica.clock.advance(30_000)
    await until(
      'the lease is renewed',
      async () => (await read(task))?.leaseExpiresAt?.getTime() === at(120).getTime(),
    )
    expect(ssh.running.size).toBe(1)
    await cancelTask(database.pool, task.id, { reason: 'issue closed', actor: 'forge', now: at(31) })
    replica.clock.advance(30_000)
    await replica.runs.idle()
    expect(ssh.killed).toEqual([`${task.id}-1`])
    expect(await read(task)).toMatchObject({ status: 'cancelled', cancelReason: 'issue closed' })
    expect((await eventsOf(task)).slice(-2)).toEqual(['cancel_requested', 'confirm_cancel'])
  })

  it('says so when a cancelled command may still be alive', async () => {
    const { task, replica } = await startOne({ kill: { kind: 'alive', message: 'still there' } })
    await cancelTask(database.pool, task.id, { reason: 'issue closed', actor: 'forge', now: at(1) })
    replica.clock.advance(30_000)
    await replica.runs.idle()
    expect(await read(task)).toMatchObject({ status: 'cancelled' })
    const last = (await listTaskEvents(database.pool, task.id)).at(-1)
    expect(last).toMatchObject({ event: 'confirm_cancel', reason: expect.stringContaining('still there') })
  })

  it('does not start a command for a task that was cancelled meanwhile', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({
      async dial() {
        await cancelTask(database.pool, task.id, { reason: 'too late', actor: 'forge', now: at(1) })
        return null
      },
    })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(ssh.started).toHaveLength(0)
    expect(await read(task)).toMatchObject({ status: 'cancelled' })
  })

  it('is let go, and left alone on its host, when its lease was taken back', async () => {
    const { task, ssh, replica } = await startOne()
    const other = testReplica(database.pool, fakeSsh({ dial: unreachable }), { id: 'other' })
    other.clock.set(at(90))
    await other.cycle()
    await other.runs.idle()
    const before = await read(task)
    expect(before).toMatchObject({ status: 'orphaned' })
    replica.clock.advance(30_000)
    await replica.runs.idle()
    expect(await read(task)).toEqual(before)
    expect([ssh.running.size, ssh.killed]).toEqual([1, []])
    expect(await replica.metrics.text()).toMatch(/switchyard_ssh_lease_losses_total\{cause="taken_back"\} 1/)
  })

  it('goes on over a new connection when one is cut, from the very byte', async () => {
    const { task, ssh, replica } = await startOne()
    const [run] = ssh.running
    run?.write('one\n')
    ssh.cut()
    run?.write('two\n')
    run?.end({ code: 0 })
    await until('it has ended', () => {
      replica.clock.advance(1000)
      return replica.runs.count() === 0
    })
    expect(await read(task)).toMatchObject({ status: 'succeeded', attempt: 1 })
    expect((await readLog(database.pool, task.id, null, 0))?.content.toString()).toBe('one\ntwo\n')
    expect(await replica.metrics.text()).toMatch(/switchyard_ssh_reconnects_total 1/)
  })

  it('is orphaned when its host is out of reach for too long', async () => {
    let dead = false
    const { task, ssh, replica } = await startOne({ dial: () => (dead ? unreachable() : null) })
    dead = true
    ssh.cut()
    await until('it has been let go', () => {
      replica.clock.advance(1000)
      return replica.runs.count() === 0
    })
    expect(await read(task)).toMatchObject({
      status: 'orphaned',
      orphanReason: 'host builder cannot be reached: no route to host',
    })
    expect(replica.clock.now().getTime()).toBeGreaterThanOrEqual(at(60).getTime())
    expect([ssh.running.size, ssh.killed]).toEqual([1, []])
  })

  it('goes back to the queue when it is unclear whether it was launched, and it was not', async () => {
    const task = await runOnce(() => ({ kind: 'uncertain', message: 'no answer' }))
    expect(task).toMatchObject({ status: 'pending', attempt: 1, forgivenAttempts: 1 })
  })

  it('does not start when the start deadline passed during the dial', async () => {
    await addHost(database.pool)
    const task = await addTask(database.pool, { requires: [] })
    const ssh: FakeSsh = fakeSsh({
      dial: (_, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
    })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    replica.clock.advance(30_000)
    await replica.runs.idle()
    expect(ssh.started).toHaveLength(0)
    expect(await read(task)).toMatchObject({ status: 'pending', attempt: 0, executionMode: 'undecided' })
    // Nobody is to blame but the deadline: the host is not cooled down.
    expect(await replica.metrics.text()).not.toMatch(/outcome="cancelled"/)
  })

  it('that goes on for a minute longer than its host should allow is ended', async () => {
    const { task, ssh, replica } = await startOne({}, { leaseSeconds: 3600 })
    replica.clock.set(at(119))
    await nextTurn()
    expect(ssh.killed).toEqual([])
    replica.clock.set(at(120))
    await replica.runs.idle()
    expect(ssh.killed).toEqual([`${task.id}-1`])
    expect(await read(task)).toMatchObject({ status: 'scheduled', error: { code: 'timed_out' } })
  })

  it('goes to the host that a coordinator assigned, and to no other', async () => {
    await addHost(database.pool, { id: 'a-host' })
    await addHost(database.pool, { id: 'b-host' })
    const task = await addTask(database.pool)
    const assigned = await assignTask(database.pool, {
      taskId: task.id,
      agentId: 'b-host',
      executionMode: null,
      actor: 'coordinator',
      now: at(0),
    })
    expect(assigned.kind).toBe('assigned')
    const ssh = fakeSsh()
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(ssh.started.map(({ target }) => target.id)).toEqual(['b-host'])
    expect(await read(task)).toMatchObject({
      status: 'succeeded',
      agentId: 'b-host',
      modeDecidedBy: 'coordinator',
    })
  })

  describe('while the database is away', () => {
    /** Cuts every connection of the dispatcher, as a restart of PostgreSQL does. */
    async function cutConnections(): Promise<void> {
      await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
    }

    it('goes on, and settles when it is back', async () => {
      const { task, ssh, replica } = await startOne()
      await cutConnections()
      replica.clock.advance(30_000)
      await until('the lease is renewed', async () => {
        // Renewals that met a cut connection are repeated after a second.
        replica.clock.advance(1000)
        return ((await read(task))?.leaseExpiresAt?.getTime() ?? 0) > at(90).getTime()
      })
      const run = await until('it runs', () => [...ssh.running][0])
      await cutConnections()
      run.write('still here\n')
      run.end({ code: 0 })
      await until('it is settled', () => {
        replica.clock.advance(1000)
        return replica.runs.count() === 0
      })
      expect(await read(task)).toMatchObject({ status: 'succeeded', result: { summary: 'still here' } })
      expect((await replica.cycle()).failedPhases).toEqual([])
    })

    it('is let go when the lease can no longer be renewed, and adopted when the database is back', async () => {
      const { task, ssh, replica } = await startOne()
      await database.pool.query('alter table tasks rename to mislaid_tasks')
      replica.clock.advance(30_000)
      await until('a renewal has failed', async () =>
        /switchyard_ssh_renewal_failures_total [1-9]/.test(await replica.metrics.text()),
      )
      replica.clock.advance(60_000)
      await database.pool.query('alter table mislaid_tasks rename to tasks')
      await replica.runs.idle()
      expect(await read(task)).toMatchObject({ status: 'running' })
      expect(await replica.metrics.text()).toMatch(
        /switchyard_ssh_lease_losses_total\{cause="not_renewed"\} 1/,
      )
      expect(await replica.cycle()).toMatchObject({ expired: 1, adopted: 1 })
      for (const run of ssh.running) run.end({ code: 0 })
      await replica.runs.idle()
      expect(await read(task)).toMatchObject({ status: 'succeeded', attempt: 1 })
    })
  })
})
