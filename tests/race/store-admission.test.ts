import { describe, expect, it } from '@jest/globals'
import type { Task } from '@switchyard/core'
import {
  admitNext,
  assignTask,
  completeClaim,
  createTask,
  getTask,
  listAdmissibleKeys,
} from '@switchyard/store'
import type { AssignTaskResult, CreateTaskResult, Pool } from '@switchyard/store'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { holdBeforeCommit } from '../support/racing-pools.ts'
import { addAgent, addTask, newTask, runningTask } from '../support/task-factory.ts'
import type { HeldTask } from '../support/task-factory.ts'
import { untilBlocked } from '../support/until-blocked.ts'

const stage = useRaceStage()

const insert =
  (concurrencyKey: string) =>
  (pool: Pool): Promise<CreateTaskResult> =>
    createTask(pool, newTask({ concurrencyKey }), at(1))
const complete =
  (held: HeldTask) =>
  (pool: Pool): Promise<Task | null> =>
    completeClaim(pool, held, { result: {}, actor: 'agent', now: at(2) })
const admit =
  (key: string) =>
  (pool: Pool): Promise<boolean> =>
    admitNext(pool, key, at(3))

describe('two first tasks of a key', () => {
  it('the second waits for the commit of the stage.first, then behind it', async () => {
    const { won, lost } = await stage.race(insert('two'), insert('two'))
    expect(won).toMatchObject({ kind: 'created', task: { status: 'pending' } })
    expect(lost).toMatchObject({ kind: 'created', task: { status: 'waiting' } })
  })

  it('the second takes the place of a first that is rolled back', async () => {
    const connection = await stage.first.pool.connect()
    await connection.query('begin')
    await createTask(connection, newTask({ concurrencyKey: 'rolled back' }), at(1))
    const losing = insert('rolled back')(stage.second.pool)
    await untilBlocked(stage.database.pool, stage.second.pid, stage.first.pid)
    await connection.query('rollback')
    connection.release()
    expect(await losing).toMatchObject({ kind: 'created', task: { status: 'pending' } })
  })
})

describe('the end of a predecessor and the insert of a successor', () => {
  it('the successor that is inserted before the end commits is let in by the end', async () => {
    const predecessor = await runningTask(stage.database.pool, { concurrencyKey: 'end first' })
    const held = holdBeforeCommit(stage.first.pool)
    const ending = complete(predecessor)(held.pool)
    await held.reachedCommit
    const { task } = await insert('end first')(stage.second.pool)
    expect(task.status).toBe('waiting')
    held.release()
    await ending
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({
      status: 'pending',
      pendingSince: at(2),
    })
  })

  it('the successor that the end could not see is let in by the sweep', async () => {
    const predecessor = await runningTask(stage.database.pool, { concurrencyKey: 'insert first' })
    const held = holdBeforeCommit(stage.first.pool)
    const inserting = insert('insert first')(held.pool)
    await held.reachedCommit
    await complete(predecessor)(stage.second.pool)
    held.release()
    const { task } = await inserting
    expect(task.status).toBe('waiting')
    expect(await listAdmissibleKeys(stage.database.pool, 10)).toEqual(['insert first'])
    expect(await admit('insert first')(stage.database.pool)).toBe(true)
    expect(await getTask(stage.database.pool, task.id)).toMatchObject({ status: 'pending' })
  })
})

describe('an admission', () => {
  it('waits for the first in line, whatever is being done to it, and lets nobody pass', async () => {
    const key = 'line'
    const [predecessor, next, last] = [
      await addTask(stage.database.pool, { concurrencyKey: key }),
      await addTask(stage.database.pool, { concurrencyKey: key }),
      await addTask(stage.database.pool, { concurrencyKey: key }),
    ]
    await stage.database.pool.query(
      `update tasks set status = 'cancelled', finished_at = now() where id = $1`,
      [predecessor.id],
    )
    const agentId = await addAgent(stage.database.pool)
    const assign = (pool: Pool): Promise<AssignTaskResult> =>
      assignTask(pool, { taskId: next.id, agentId, executionMode: null, actor: 'coordinator', now: at(2) })
    expect(await stage.race(assign, admit(key))).toMatchObject({ won: { kind: 'assigned' }, lost: true })
    expect(await getTask(stage.database.pool, next.id)).toMatchObject({
      status: 'pending',
      assignedAgentId: agentId,
    })
    expect(await getTask(stage.database.pool, last.id)).toMatchObject({ status: 'waiting' })
  })

  it('twice at once lets in the first that waits, and nobody else', async () => {
    const [predecessor, next, last] = [
      await addTask(stage.database.pool, { concurrencyKey: 'admit' }),
      await addTask(stage.database.pool, { concurrencyKey: 'admit' }),
      await addTask(stage.database.pool, { concurrencyKey: 'admit' }),
    ]
    await stage.database.pool.query(
      `update tasks set status = 'cancelled', finished_at = now() where id = $1`,
      [predecessor.id],
    )
    expect(await stage.race(admit('admit'), admit('admit'))).toEqual({ won: true, lost: false })
    expect(await getTask(stage.database.pool, next.id)).toMatchObject({ status: 'pending' })
    expect(await getTask(stage.database.pool, last.id)).toMatchObject({ status: 'waiting' })
  })
})
