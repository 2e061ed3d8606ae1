import { describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import { assignTask, deleteAgent, getAgent, getTask, rerunTask } from '@switchyard/store'
import type { AssignTaskResult, DeleteAgentResult, Pool, RerunTaskResult } from '@switchyard/store'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { addAgent, addTask } from '../support/task-factory.ts'

const stage = useRaceStage()

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
    const task = await addTask(stage.database.pool)
    const agentId = await addAgent(stage.database.pool)
    expect(await stage.race(remove(agentId), assign(task, agentId))).toEqual({
      won: { kind: 'deleted' },
      lost: { kind: 'agent_not_found' },
    })
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({
      assignedAgentId: null,
      executionMode: 'undecided',
    })
  })

  it('the deletion that comes second finds the agent in use', async () => {
    const task = await addTask(stage.database.pool)
    const agentId = await addAgent(stage.database.pool)
    const { lost } = await stage.race(assign(task, agentId), remove(agentId))
    expect(lost).toEqual({ kind: 'in_use', held: 0, assigned: 1, behind: 0 })
    expect(await getAgent(stage.database.pool, agentId)).not.toBeNull()
  })
})

describe('deleting an agent and running its task again', () => {
  const rerun =
    (task: Task) =>
    (pool: Pool): Promise<RerunTaskResult> =>
      rerunTask(pool, task.id, { actor: 'coordinator', now: at(2) })
  async function endedTaskOf(agentId: string): Promise<Task> {
    const task = await addTask(stage.database.pool)
    await assign(task, agentId)(stage.database.pool)
    await stage.database.pool.query(
      `update tasks set status = 'cancelled', finished_at = now() where id = $1`,
      [task.id],
    )
    return task
  }

  it('the rerun that comes second is for everybody', async () => {
    const agentId = await addAgent(stage.database.pool)
    const task = await endedTaskOf(agentId)
    expect(await stage.race(remove(agentId), rerun(task))).toMatchObject({
      won: { kind: 'deleted' },
      lost: { kind: 'rerun', task: { assignedAgentId: null, executionMode: 'undecided' } },
    })
  })

  it('the deletion that comes second finds the agent in use', async () => {
    const agentId = await addAgent(stage.database.pool)
    const task = await endedTaskOf(agentId)
    expect(await stage.race(rerun(task), remove(agentId))).toMatchObject({
      won: { kind: 'rerun', task: { assignedAgentId: agentId } },
      lost: { kind: 'in_use' },
    })
  })
})
