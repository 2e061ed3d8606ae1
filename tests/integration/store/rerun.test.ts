import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assignTask, deleteAgent, getTask, rerunTask } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addAgent, addTask, claimTask, runningTask, settle, taskIn } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const request = { actor: 'coordinator', now: at(50) }
const error = { code: 'broken', message: 'it broke' }

describe('a rerun', () => {
  it('gives the task all its attempts and its track again, and goes on counting', async () => {
    const { taskId } = await taskIn(database.pool, 'failed', { maxAttempts: 2 })
    const result = await rerunTask(database.pool, taskId, request)
    expect(result).toMatchObject({
      kind: 'rerun',
      task: {
        status: 'pending',
        attempt: 1,
        forgivenAttempts: 1,
        deliveries: 0,
        executionMode: 'undecided',
        pendingSince: at(50),
        finishedAt: null,
        error: null,
        agentId: null,
      },
    })
    const held = await claimTask(database.pool, (await getTask(database.pool, taskId))!, { now: at(51) })
    expect(held.task).toMatchObject({ attempt: 2 })
  })

  it('is refused while the task has not ended, and for one that does not exist', async () => {
    const { id } = await addTask(database.pool)
    expect(await rerunTask(database.pool, id, request)).toEqual({ kind: 'not_ended' })
    expect(await rerunTask(database.pool, randomUUID(), request)).toEqual({ kind: 'not_ended' })
  })

  it.each([{ concurrencyKey: 'same' }, { dedupeKey: 'same' }])(
    'is refused while another one is unfinished: %j',
    async (keys) => {
      const first = await taskIn(database.pool, 'cancelled', keys)
      const rival = await addTask(database.pool, keys)
      expect(await rerunTask(database.pool, first.taskId, request)).toMatchObject({
        kind: 'already_active',
        rival: { id: rival.id },
      })
      expect(await getTask(database.pool, first.taskId)).toEqual(first.task)
    },
  )

  it('keeps an assignment by hand while its agent exists', async () => {
    const agentId = await addAgent(database.pool)
    const { id } = await addTask(database.pool)
    await assignTask(database.pool, { taskId: id, agentId, executionMode: null, actor: 'coordinator' })
    await database.pool.query(`update tasks set status = 'cancelled', finished_at = now() where id = $1`, [
      id,
    ])
    expect(await rerunTask(database.pool, id, request)).toMatchObject({
      task: { assignedAgentId: agentId, executionMode: 'http_pull' },
    })
    await database.pool.query(`update tasks set status = 'cancelled', finished_at = now() where id = $1`, [
      id,
    ])
    expect(await deleteAgent(database.pool, agentId, 'http_pull')).toEqual({ kind: 'deleted' })
    expect(await rerunTask(database.pool, id, request)).toMatchObject({
      task: { assignedAgentId: null, executionMode: 'undecided', modeDecidedBy: 'creator' },
    })
  })

  it('of a task that failed for good may fail again', async () => {
    const held = await runningTask(database.pool, { maxAttempts: 1 })
    await settle(database.pool, held, { event: 'fail', error })
    await rerunTask(database.pool, held.taskId, request)
    const again = await claimTask(database.pool, (await getTask(database.pool, held.taskId))!, {
      now: at(60),
    })
    expect(await settle(database.pool, again, { event: 'fail', error }, at(61))).toMatchObject({
      status: 'failed',
      attempt: 2,
    })
  })
})
