import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { issueDelivery, type Issue } from '../../demo/deliveries.ts'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { isAlive } from '../support/processes.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack, type Task } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** One repository per test, whose tasks only that test's host can take. */
const REPOSITORIES = ['deliver', 'fail', 'cancel', 'close'] as const
const RULES = `rules:\n${REPOSITORIES.map(
  (name) => `  - name: ${name}
    event: issues
    repositories: [acme/${name}]
    labels: [agent]
    task:
      prompt: '{{issue.body}}'
      requires: [${name}]
      max_attempts: 2
`,
).join('')}`

function issueOf(repository: (typeof REPOSITORIES)[number], rest: Partial<Issue> = {}): Issue {
  return {
    repository: `acme/${repository}`,
    number: 12,
    title: 'Improbability drive stalls',
    body: 'On cold mornings.',
    labels: ['agent'],
    ...rest,
  }
}

describe('from a delivery to a host over SSH', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd()])
    stack = await startStack({ databaseUrl: database.connectionString, rules: RULES })
    // A quiet command hears of its cancellation with the next heartbeat, a third of the lease away.
    await stack.startDispatcher({ SWITCHYARD_LEASE_SECONDS: '9' })
  })
  afterAll(async () => {
    await stack.stop()
    await sshd.stop()
    await database.drop()
  })

  /** The command's own process id, once it runs. */
  async function untilItRuns(task: Task, pidFile: string): Promise<number> {
    await stack.untilTask(task.id, 'runs', ({ status }) => status === 'running')
    return until('the command has written its process id', async () =>
      existsSync(pidFile) ? Number(await readFile(pidFile, 'utf8')) || null : null,
    )
  }

  it(
    'runs the command of the matched host, with the prompt byte for byte on its standard input',
    telling(
      () => stack,
      async () => {
        const promptFile = join(stack.directory, 'prompt')
        const prompt = `'quotes' "$HOME" \`id\` \\n \\\\ $(touch ${stack.directory}/oops)\n\tтаб, 改行, 🛤️\n\nthe last line`
        const host = await stack.putHost(sshd, {
          labels: ['linux', 'deliver'],
          env: { PROMPT_FILE: promptFile },
          command: [
            'sh',
            '-c',
            'cat > "$PROMPT_FILE"; echo "on standard output"; echo "on standard error" >&2; ' +
              'echo "$SWITCHYARD_TASK_ID $SWITCHYARD_ATTEMPT $SWITCHYARD_AGENT_ID $SWITCHYARD_REPOSITORY#$SWITCHYARD_ISSUE"',
          ],
        })
        const created = await stack.deliverTask(issueDelivery('opened', issueOf('deliver', { body: prompt })))
        expect(created).toMatchObject({ requested_mode: 'undecided', requires: ['deliver'] })
        const task = await stack.untilEnded(created.id)

        const ids = `${task.id} 1 ${host} acme/deliver#12`
        expect(task).toMatchObject({
          status: 'succeeded',
          execution_mode: 'ssh_cli',
          agent_id: host,
          attempt: 1,
          result: { exit_code: 0, summary: `on standard output\non standard error\n${ids}` },
          error: null,
        })
        expect(await readFile(promptFile, 'utf8')).toBe(prompt)
        expect(existsSync(join(stack.directory, 'oops'))).toBe(false)
        expect(await stack.log(task.id)).toBe(`on standard output\non standard error\n${ids}\n`)
        expect((await stack.events(task.id)).map(({ event, execution_mode: mode }) => [event, mode])).toEqual(
          [
            ['created', 'undecided'],
            ['claim', 'ssh_cli'],
            ['start', 'ssh_cli'],
            ['succeed', 'ssh_cli'],
          ],
        )
        const { body: routing } = await stack.client.call(ROUTES.getTaskRouting, {
          params: { task_id: task.id },
        })
        expect(routing).toMatchObject({
          decided_by: 'dispatcher',
          reason: `undecided until it was matched to host ${host}`,
          candidates: expect.arrayContaining([
            expect.objectContaining({ agent_id: host, verdict: 'chosen' }),
          ]),
        })
      },
    ),
  )

  it(
    'tries a command that fails again after a pause, until no attempt is left',
    telling(
      () => stack,
      async () => {
        const host = await stack.putHost(sshd, {
          labels: ['fail'],
          command: ['sh', '-c', 'echo "attempt $SWITCHYARD_ATTEMPT went wrong"; exit 7'],
        })
        const { id } = await stack.deliverTask(issueDelivery('opened', issueOf('fail')))
        const first = await stack.untilTask(
          id,
          'waits for its second attempt',
          ({ status }) => status === 'scheduled',
        )
        expect(first).toMatchObject({ attempt: 1, execution_mode: 'undecided', error: { code: 'exit_code' } })
        expect(Date.parse(first.run_at ?? '')).toBeGreaterThan(Date.parse(first.started_at ?? ''))

        // The pause is over when the database's clock says so.
        await database.pool.query('update tasks set run_at = now() where id = $1', [id])
        const task = await stack.untilEnded(id)
        expect(task).toMatchObject({
          status: 'failed',
          attempt: 2,
          agent_id: host,
          error: { code: 'exit_code', message: expect.stringMatching(/code 7 .* attempt 2 went wrong/) },
        })
        expect((await stack.events(id)).map(({ event }) => event)).toEqual([
          'created',
          ...['claim', 'start', 'retry'],
          'due',
          ...['claim', 'start', 'fail'],
        ])
      },
    ),
  )

  it(
    'kills the command of a task that is cancelled',
    telling(
      () => stack,
      async () => {
        const pidFile = join(stack.directory, 'cancelled.pid')
        await putSleepingHost('cancel', pidFile)
        const { id } = await stack.deliverTask(issueDelivery('opened', issueOf('cancel')))
        const pid = await untilItRuns(await stack.task(id), pidFile)
        const { body: asked } = await stack.client.call(ROUTES.cancelTask, {
          params: { task_id: id },
          body: { reason: 'not needed any more' },
        })
        expect(asked).toMatchObject({ status: 'running', cancel_requested: true })
        expect(await stack.untilEnded(id)).toMatchObject({ status: 'cancelled' })
        expect(isAlive(pid)).toBe(false)
        expect((await stack.events(id)).at(-1)).toMatchObject({
          event: 'confirm_cancel',
          reason: 'not needed any more',
        })
      },
    ),
  )

  it(
    'kills the command when the forge says that the issue was closed',
    telling(
      () => stack,
      async () => {
        const pidFile = join(stack.directory, 'closed.pid')
        await putSleepingHost('close', pidFile)
        const { id } = await stack.deliverTask(issueDelivery('opened', issueOf('close')))
        const pid = await untilItRuns(await stack.task(id), pidFile)
        const answer = await stack.deliver(issueDelivery('closed', issueOf('close'), 'zaphod'))
        expect(answer).toMatchObject({ status: 202 })
        expect(await stack.untilEnded(id)).toMatchObject({ status: 'cancelled' })
        expect(isAlive(pid)).toBe(false)
        expect((await stack.events(id)).at(-1)).toMatchObject({
          event: 'confirm_cancel',
          reason: 'the issue was closed by zaphod',
        })
      },
    ),
  )

  function putSleepingHost(label: string, pidFile: string): Promise<string> {
    const command = ['sh', '-c', 'echo $$ > "$PID_FILE"; while :; do sleep 1; done']
    return stack.putHost(sshd, { labels: [label], env: { PID_FILE: pidFile }, command })
  }
})
