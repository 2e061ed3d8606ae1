import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import { assignTask, deleteAgent, getAgent, getTask, rerunTask } from '@switchyard/store'
import type { AssignTaskResult, DeleteAgentResult, Pool, RerunTaskResult } from '@switchyard/store'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { at } from '../support/fixed-clock.ts'
import { holdBeforeCommit, openRacingPool } from '../support/racing-pools.ts'
import type { RacingPool } from '../support/racing-pools.ts'
import { addAgent, addTask } from '../support/task-factory.ts'
import { untilBlocked } from '../support/until-blocked.ts'

let database: TestDatabase
let first: RacingPool
let second: RacingPool
beforeAll(async () => {
  database = await createTestDatabase()
  first = await openRacingPool(database)
  second = await openRacingPool(database)
})
afterAll(async () => {
  await first.end()
  await second.end()
  await database.drop()
})

/** The first does everything but its commit; the second comes and waits for it; then the first commits. */
async function race<A, B>(
  winner: (pool: Pool) => Promise<A>,
  loser: (pool: Pool) => Promise<B>,
): Promise<{ won: A; lost: B }> {
  const held = holdBeforeCommit(first.pool)
  const winning = winner(held.pool)
  await held.reachedCommit
  const losing = loser(second.pool)
  await untilBlocked(database.pool, second.pid, first.pid)
  held.release()
  return { won: await winning, lost: await losing }
}

const assign =
  (task: Task, agentId: string) =>
  (pool: Pool): Promise<AssignTaskResult> =>
    assignTask(pool, { taskId: task.id, agentId, executionMode: null, actor: 'coordinator', now: at(1) })
const remove =
  (agentId: string) =>
  (pool: Pool): Promise<DeleteAgentResult> =>
    deleteAgent(pool, agentId, 'http_pull')

describe('deleting an agent and assigning to it', () => {
  it('the assignment that comes second finds no agent', async () => {
    const task = await addTask(database.pool)
    const agentId = await addAgent(database.pool)
    expect(await race(remove(agentId), assign(task, agentId))).toEqual({
      won: { kind: 'deleted' },
      lost: { kind: 'agent_not_found' },
    })
    expect(await getTask(database.pool, task.id)).toMatchObject({
      assignedAgentId: null,
      executionMode: 'undecided',
    })
  })

  it('the deletion that comes second finds the agent in use', async () => {
    const task = await addTask(database.pool)
    const agentId = await addAgent(database.pool)
    const { lost } = await race(assign(task, agentId), remove(agentId))
    expect(lost).toEqual({ kind: 'in_use', held: 0, assigned: 1 })
    expect(await getAgent(database.pool, agentId)).not.toBeNull()
  })
})

describe('deleting an agent and running its task again', () => {
  const rerun =
    (task: Task) =>
    (pool: Pool): Promise<RerunTaskResult> =>
      rerunTask(pool, task.id, { actor: 'coordinator', now: at(2) })
  async function endedTaskOf(agentId: string): Promise<Task> {
    const task = await addTask(database.pool)
    await assign(task, agentId)(database.pool)
    await database.pool.query(`update tasks set status = 'cancelled', finished_at = now() where id = $1`, [
      task.id,
    ])
    return task
  }

  it('the rerun that comes second is for everybody', async () => {
    const agentId = await addAgent(database.pool)
    const task = await endedTaskOf(agentId)
    expect(await race(remove(agentId), rerun(task))).toMatchObject({
      won: { kind: 'deleted' },
      lost: { kind: 'rerun', task: { assignedAgentId: null, executionMode: 'undecided' } },
    })
  })

  it('the deletion that comes second finds the agent in use', async () => {
    const agentId = await addAgent(database.pool)
    const task = await endedTaskOf(agentId)
    expect(await race(rerun(task), remove(agentId))).toMatchObject({
      won: { kind: 'rerun', task: { assignedAgentId: agentId } },
      lost: { kind: 'in_use' },
    })
  })
})
