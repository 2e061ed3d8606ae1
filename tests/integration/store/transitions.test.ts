import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { HELD_STATUSES, TASK_STATUSES, TRANSITIONS } from '@switchyard/core'
import type { Settlement, TaskStatus, TransitionName } from '@switchyard/core'
import {
  admitNext,
  adoptOrphan,
  cancelTask,
  completeClaim,
  getTask,
  listTaskEvents,
  makeDue,
  renewLease,
  rerunTask,
} from '@switchyard/store'
import { claimForAgent } from '../../support/claim-for-agent.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, runningTask, settle, taskIn } from '../../support/task-factory.ts'

type Subject = Awaited<ReturnType<typeof taskIn>>

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const error = { code: 'broken', message: 'it broke' }
const SETTLEMENTS: readonly Settlement[] = [
  { event: 'unclaim', reason: 'not started' },
  { event: 'hand_back', reason: 'a drain' },
  { event: 'undeliverable', error },
  { event: 'fail', error },
  { event: 'retry', error, delaySeconds: 10 },
  { event: 'orphan', reason: 'gone' },
  { event: 'requeue', reason: 'never started' },
  { event: 'abandon', error },
  { event: 'confirm_cancel', reason: 'cancelled' },
]

/** How each transition is attempted, whatever the task's status. */
const ATTEMPTS: Record<TransitionName, (subject: Subject) => Promise<unknown>> = {
  admit: ({ task }) => admitNext(database.pool, task.concurrencyKey ?? 'no key', at(2)),
  postpone: ({ task }) => admitNext(database.pool, task.concurrencyKey ?? 'no key', at(2)),
  due: () => makeDue(database.pool, { limit: 1000, actor: 'test', now: at(3601) }),
  claim: async ({ task }) => {
    const labels = task.requires
    const agentId = await addAgent(database.pool)
    const request = { agentId, labels, maxConcurrent: null, startSeconds: 30, requestKey: null, now: at(2) }
    return claimForAgent(database.pool, request)
  },
  start: (claim) =>
    renewLease(database.pool, { ...claim, leaseSeconds: 90, progress: null, actor: 'test', now: at(2) }),
  adopt: (claim) => adoptOrphan(database.pool, claim, { leaseSeconds: 90, actor: 'test', now: at(2) }),
  succeed: (claim) => completeClaim(database.pool, claim, { result: {}, actor: 'test', now: at(2) }),
  cancel: ({ taskId }) => cancelTask(database.pool, taskId, { reason: 'stop', actor: 'test', now: at(2) }),
  rerun: ({ taskId }) => rerunTask(database.pool, taskId, { actor: 'test', now: at(2) }),
  ...(Object.fromEntries(
    SETTLEMENTS.map((settlement) => [
      settlement.event,
      (claim: Subject) => settle(database.pool, claim, settlement, at(2)),
    ]),
  ) as Record<Settlement['event'], (subject: Subject) => Promise<unknown>>),
}

/** Attempts that do something else, rightly, from a status they do not move: a renewal, a request to stop. */
const ELSEWISE: Partial<Record<TransitionName, readonly TaskStatus[]>> = {
  start: ['running'],
  cancel: HELD_STATUSES,
}

async function subjectIn(status: TaskStatus, transition: TransitionName): Promise<Subject> {
  const postponed = transition === 'postpone' && status === 'waiting' ? { runAt: at(9000) } : {}
  // Only a run on a host can be orphaned.
  if (transition === 'orphan' && status === 'running')
    return runningTask(database.pool, {}, { mode: 'ssh_cli' })
  const subject = await taskIn(database.pool, status, postponed)
  // Its predecessor ends without telling anybody, as when a process dies right after.
  if (status === 'waiting')
    await database.pool.query(
      `update tasks set status = 'cancelled', finished_at = now() where concurrency_key = $1 and status = 'pending'`,
      [subject.task.concurrencyKey],
    )
  return subject
}

async function row(id: string): Promise<unknown> {
  return (await database.pool.query('select * from tasks where id = $1', [id])).rows[0]
}

const names = Object.keys(ATTEMPTS) as (keyof typeof ATTEMPTS)[]
const cases = names.flatMap((name) => TASK_STATUSES.map((status) => ({ name, status, ...TRANSITIONS[name] })))
const allowed = cases.filter(({ from, status }) => from.some((each) => each === status))
const refused = cases.filter(({ from, status }) => !from.some((each) => each === status))

describe('what the table allows', () => {
  it.each(allowed)('$name moves $status to $to', async ({ name, status, to }) => {
    const subject = await subjectIn(status, name)
    await ATTEMPTS[name](subject)
    expect((await getTask(database.pool, subject.taskId))?.status).toBe(to)
    const events = await listTaskEvents(database.pool, subject.taskId)
    expect(events.at(-1)).toMatchObject({ event: name, fromStatus: status, toStatus: to })
  })
})

describe('what the table does not allow', () => {
  // Which of the two admissions a waiting task gets is its run_at's business, tested above.
  const really = refused.filter(({ name, status }) => !ELSEWISE[name]?.includes(status))
  it.each(really)('$name leaves $status untouched', async ({ name, status }) => {
    const subject = await subjectIn(status, name)
    const before = await row(subject.taskId)
    await ATTEMPTS[name](subject)
    expect(await row(subject.taskId)).toEqual(before)
  })
  it.each(refused.filter(({ name, status }) => ELSEWISE[name]?.includes(status)))(
    '$name keeps the status $status',
    async ({ name, status }) => {
      const subject = await subjectIn(status, name)
      await ATTEMPTS[name](subject)
      expect((await getTask(database.pool, subject.taskId))?.status).toBe(status)
    },
  )
})
