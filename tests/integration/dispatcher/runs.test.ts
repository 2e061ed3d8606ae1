import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import type { RunRequest, RunResult } from '@switchyard/dispatcher/ssh'
import { assignTask, cancelTask, getHost, getTask, listTaskEvents, readLog } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { fakeSsh } from '../../support/fake-ssh.ts'
import type { FakeSsh } from '../../support/fake-ssh.ts'
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
    run: (request: RunRequest) => RunResult | Promise<RunResult>,
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
  async function startOne(stopped?: RunResult): Promise<{ task: Task; ssh: FakeSsh; replica: TestReplica }> {
    await addHost(database.pool, { id: 'builder' })
    const task = await addTask(database.pool, { requires: [] })
    const ssh = fakeSsh({ run: () => 'hold', ...(stopped === undefined ? {} : { stopped }) })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await until('it runs', () => ssh.running.size === 1)
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
      stdin: 'Please fix it.',
      timeoutSeconds: 77,
      environment: {
        CI: '1',
        SWITCHYARD_TASK_ID: task.id,
        SWITCHYARD_ATTEMPT: '1',
        SWITCHYARD_AGENT_ID: 'builder',
        SWITCHYARD_REPOSITORY: 'acme/site',
        SWITCHYARD_ISSUE_NUMBER: '7',
        SWITCHYARD_URL: 'http://127.0.0.1/acme/site/issues/7',
        SWITCHYARD_TITLE: 'Fix it',
      },
    })
  })

  it('leaves out variables of a source that does not have them', async () => {
    let environment: Readonly<Record<string, string>> = {}
    await runOnce((request) => {
      environment = request.environment
      return { kind: 'exited', code: 0 }
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
    await run.request.onOutput('grüße\n')
    await run.request.onOutput('done\u0000\n')
    run.end({ kind: 'exited', code: 0 })
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
    for (const run of ssh.running) run.end({ kind: 'exited', code: 0 })
    await replica.runs.idle()
  })

  it('schedules another attempt for an exit code other than 0', async () => {
    expect(await runOnce(() => ({ kind: 'exited', code: 3 }))).toMatchObject({
      status: 'scheduled',
      runAt: at(10),
      executionMode: 'undecided',
      error: { code: 'exit_code', message: 'The command exited with code 3 on host builder.' },
    })
  })

  it.each([
    [{ kind: 'killed', signal: 'SIGKILL' }, 'scheduled', 'killed_by_signal'],
    [{ kind: 'timed_out' }, 'scheduled', 'timed_out'],
    [{ kind: 'workdir_missing', message: 'no such directory' }, 'failed', 'workdir_missing'],
    [{ kind: 'command_not_found', message: 'no such program' }, 'failed', 'command_not_found'],
    [{ kind: 'connection_lost', message: 'cut' }, 'failed', 'outcome_unknown'],
    [{ kind: 'kill_unverified', cause: 'timed_out', message: 'alive' }, 'failed', 'outcome_unknown'],
  ] as const)('ends after %j as %s, %s', async (result, status, code) => {
    expect(await runOnce(() => result)).toMatchObject({ status, error: { code } })
  })

  it('trusts a host on which only the command is wrong', async () => {
    await runOnce(() => ({ kind: 'command_not_found', message: 'no such program' }))
    expect(await getHost(database.pool, 'builder')).toMatchObject({ failures: 0, lastError: null })
  })

  it('renews its lease, and is stopped when somebody cancels', async () => {
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
    expect(await read(task)).toMatchObject({ status: 'cancelled', cancelReason: 'issue closed' })
    expect((await eventsOf(task)).slice(-2)).toEqual(['cancel_requested', 'confirm_cancel'])
  })

  it('says so when a cancelled command may still be alive', async () => {
    const { task, replica } = await startOne({
      kind: 'kill_unverified',
      cause: 'cancelled',
      message: 'still there',
    })
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

  it('is stopped and let go when its lease was taken back', async () => {
    const { task, replica } = await startOne()
    const other = testReplica(database.pool, fakeSsh(), { id: 'other' })
    other.clock.set(at(90))
    await other.cycle()
    const before = await read(task)
    expect(before).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } })
    replica.clock.advance(30_000)
    await replica.runs.idle()
    expect(await read(task)).toEqual(before)
    expect(await replica.metrics.text()).toMatch(/switchyard_ssh_lease_losses_total\{cause="taken_back"\} 1/)
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
      const finishing = run.request.onOutput('still here\n')
      run.end({ kind: 'exited', code: 0 })
      await finishing
      await until('it is settled', () => {
        replica.clock.advance(1000)
        return replica.runs.count() === 0
      })
      expect(await read(task)).toMatchObject({ status: 'succeeded', result: { summary: 'still here' } })
      expect((await replica.cycle()).failedPhases).toEqual([])
    })

    it('is stopped when the lease can no longer be renewed, and tried again', async () => {
      const { task, replica } = await startOne()
      await database.pool.query('alter table tasks rename to mislaid_tasks')
      replica.clock.advance(30_000)
      await until('a renewal has failed', async () => {
        const { rows } = await database.pool.query<{ failed: boolean }>(
          `select xact_rollback > 0 as failed from pg_stat_database where datname = current_database()`,
        )
        return rows[0]?.failed
      })
      replica.clock.advance(60_000)
      await database.pool.query('alter table mislaid_tasks rename to tasks')
      await replica.runs.idle()
      expect(await read(task)).toMatchObject({ status: 'scheduled', error: { code: 'lease_expired' } })
      expect(await replica.metrics.text()).toMatch(
        /switchyard_ssh_lease_losses_total\{cause="not_renewed"\} 1/,
      )
    })
  })
})
