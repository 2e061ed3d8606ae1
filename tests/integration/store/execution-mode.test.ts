import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { EXECUTION_MODES, isExecutionMode } from '@switchyard/core'
import { getTask, listTasks } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { addTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the execution mode', () => {
  it.each(EXECUTION_MODES)('%s survives JSON and the database', async (mode) => {
    const { mode: parsed } = JSON.parse(JSON.stringify({ mode })) as { mode: unknown }
    if (!isExecutionMode(parsed)) throw new Error('the mode was not recognised')
    const { id } = await addTask(database.pool, { requestedMode: parsed })
    const stored = JSON.parse(JSON.stringify(await getTask(database.pool, id))) as unknown
    expect(stored).toMatchObject({ executionMode: mode, requestedMode: mode, modeDecidedBy: 'creator' })
    const listed = await listTasks(database.pool, { ...everything, executionModes: [mode] })
    expect(listed.map((task) => task.id)).toEqual([id])
  })

  it('is refused by the database when it is none that is known', async () => {
    const { id } = await addTask(database.pool, {}, at(0))
    const change = database.pool.query(`update tasks set execution_mode = 'carrier_pigeon' where id = $1`, [
      id,
    ])
    await expect(change).rejects.toMatchObject({ constraint: 'tasks_execution_mode_check' })
    expect(isExecutionMode('carrier_pigeon')).toBe(false)
  })

  it('never leaves the track that was asked for', async () => {
    const { id } = await addTask(database.pool, { requestedMode: 'ssh_cli' })
    const change = database.pool.query(`update tasks set execution_mode = 'http_pull' where id = $1`, [id])
    await expect(change).rejects.toMatchObject({ constraint: 'tasks_keeps_requested_mode' })
  })
})

const everything = {
  statuses: null,
  executionModes: null,
  repository: null,
  agentId: null,
  beforeId: null,
  limit: 10,
}
