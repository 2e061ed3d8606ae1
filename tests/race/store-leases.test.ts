import { describe, expect, it } from '@jest/globals'
import { settleExpiry, settleFailure } from '@switchyard/core'
import type { Task } from '@switchyard/core'
import {
  cancelTask,
  completeClaim,
  getTask,
  listTaskEvents,
  renewLease,
  settleClaim,
} from '@switchyard/store'
import type { Pool, RenewedLease } from '@switchyard/store'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { claimedTask, runningTask, settle } from '../support/task-factory.ts'
import type { HeldTask } from '../support/task-factory.ts'

const stage = useRaceStage()

const complete =
  (held: HeldTask) =>
  (pool: Pool): Promise<Task | null> =>
    completeClaim(pool, held, { result: { summary: 'done' }, actor: 'agent', now: at(100) })
const heartbeat =
  (held: HeldTask) =>
  (pool: Pool): Promise<RenewedLease | null> =>
    renewLease(pool, { ...held, leaseSeconds: 90, progress: null, actor: 'agent', now: at(100) })
const fail =
  (held: HeldTask) =>
  (pool: Pool): Promise<Task | null> =>
    settleClaim(pool, held, {
      actor: 'agent',
      now: at(100),
      decide: (task) =>
        settleFailure(task, { error: { code: 'broken', message: 'it broke' }, retryable: true }, 0.5),
    })
const expire =
  (held: HeldTask) =>
  (pool: Pool): Promise<Task | null> =>
    settleClaim(pool, held, {
      actor: 'dispatcher',
      now: at(100),
      decide: (task) => (task.expired ? settleExpiry(task, 20, 0.5) : null),
    })

async function endings(held: HeldTask): Promise<string[]> {
  return (await listTaskEvents(stage.database.pool, held.taskId)).slice(3).map(({ event }) => event)
}

describe('whoever comes second to the end of a claim', () => {
  it('loses the completion to the expiry', async () => {
    const held = await runningTask(stage.database.pool)
    const { won, lost } = await stage.race(expire(held), complete(held))
    expect(won).toMatchObject({ status: 'scheduled' })
    expect(lost).toBeNull()
    expect(await getTask(stage.database.pool, held.taskId)).toMatchObject({
      status: 'scheduled',
      result: null,
    })
    expect(await endings(held)).toEqual(['retry'])
  })

  it('loses the expiry to the completion', async () => {
    const held = await runningTask(stage.database.pool)
    const { won, lost } = await stage.race(complete(held), expire(held))
    expect(won).toMatchObject({ status: 'succeeded' })
    expect(lost).toBeNull()
    expect(await endings(held)).toEqual(['succeed'])
  })

  it('loses the failure to the completion, and the completion to the failure', async () => {
    const one = await runningTask(stage.database.pool)
    expect(await stage.race(complete(one), fail(one))).toMatchObject({
      won: { status: 'succeeded' },
      lost: null,
    })
    expect(await endings(one)).toEqual(['succeed'])
    const other = await runningTask(stage.database.pool)
    expect(await stage.race(fail(other), complete(other))).toMatchObject({
      won: { status: 'scheduled' },
      lost: null,
    })
    expect(await endings(other)).toEqual(['retry'])
  })

  it('loses the completion to the same completion', async () => {
    const held = await runningTask(stage.database.pool)
    expect(await stage.race(complete(held), complete(held))).toMatchObject({
      won: { status: 'succeeded' },
      lost: null,
    })
    expect(await endings(held)).toEqual(['succeed'])
  })
})

describe('a heartbeat and the expiry', () => {
  it('in this order keep the claim: what expired a moment ago has been renewed', async () => {
    const held = await runningTask(stage.database.pool)
    const { won, lost } = await stage.race(heartbeat(held), expire(held))
    expect(won).toMatchObject({ expiresAt: at(190) })
    expect(lost).toBeNull()
    expect(await getTask(stage.database.pool, held.taskId)).toMatchObject({
      status: 'running',
      leaseExpiresAt: at(190),
    })
  })

  it('in the other order end it, and the heartbeat says so', async () => {
    const held = await runningTask(stage.database.pool)
    const { won, lost } = await stage.race(expire(held), heartbeat(held))
    expect(won).toMatchObject({ status: 'scheduled' })
    expect(lost).toBeNull()
    expect(await getTask(stage.database.pool, held.taskId)).toMatchObject({
      status: 'scheduled',
      leaseExpiresAt: null,
    })
  })
})

describe('a coordinator who waits for the end of a claim', () => {
  const cancel =
    ({ taskId }: HeldTask) =>
    (pool: Pool): Promise<Task | null> =>
      cancelTask(pool, taskId, { reason: 'not needed', actor: 'coordinator', now: at(101) })

  it('cancels at once what was given back', async () => {
    const held = await claimedTask(stage.database.pool)
    const giveBack = (pool: Pool): Promise<Task | null> =>
      settle(pool, held, { event: 'unclaim', reason: 'not started' }, at(100))
    const { lost } = await stage.race(giveBack, cancel(held))
    expect(lost).toMatchObject({
      status: 'cancelled',
      finishedAt: at(101),
      executionMode: 'undecided',
      agentId: null,
    })
    expect((await endings(held)).at(-1)).toBe('cancel')
  })

  it('cancels at once what is to be retried', async () => {
    const held = await runningTask(stage.database.pool)
    const { won, lost } = await stage.race(fail(held), cancel(held))
    expect(won).toMatchObject({ status: 'scheduled' })
    expect(lost).toMatchObject({ status: 'cancelled', finishedAt: at(101), leaseExpiresAt: null })
    expect(await endings(held)).toEqual(['retry', 'cancel'])
  })

  it('is too late to cancel what has succeeded', async () => {
    const held = await runningTask(stage.database.pool)
    expect(await stage.race(complete(held), cancel(held))).toMatchObject({
      won: { status: 'succeeded' },
      lost: null,
    })
    expect(await endings(held)).toEqual(['succeed'])
  })
})
