import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { deleteUnusedLanes, inTransaction, makeDue, markUnusedLanes } from '@switchyard/store'
import type { Pool } from '@switchyard/store'
import { at } from '../support/fixed-clock.ts'
import { useRaceStage } from '../support/race-stage.ts'
import { holdBeforeCommit } from '../support/racing-pools.ts'
import { addTask, runningTask, settle } from '../support/task-factory.ts'
import { untilBlocked } from '../support/until-blocked.ts'
import { untilEarlierEnded } from '../support/until-earlier-ended.ts'

const HOUR = 3_600
const stage = useRaceStage()

const create =
  (label: string) =>
  (pool: Pool): Promise<unknown> =>
    addTask(pool, { requires: [label] })
const mark = (pool: Pool): Promise<number> => markUnusedLanes(pool, { limit: 100, now: at(0) })
const remove = (pool: Pool): Promise<number> => deleteUnusedLanes(pool, { limit: 100, now: at(HOUR) })

async function laneOf(label: string): Promise<{ unused: boolean } | undefined> {
  const { rows } = await stage.database.pool.query<{ unused: boolean }>(
    'select unused_since is not null as unused from lanes where requires = $1',
    [[label]],
  )
  return rows[0]
}

/** The lane of a task that somebody took. */
async function emptyLane(): Promise<string> {
  const label = `only-${randomUUID()}`
  await runningTask(stage.database.pool, { requires: [label] })
  return label
}

async function unusedLane(): Promise<string> {
  const label = await emptyLane()
  await mark(stage.database.pool)
  await untilEarlierEnded(stage.database.pool)
  expect(await laneOf(label)).toEqual({ unused: true })
  return label
}

describe('the deletion of a lane and a task that needs it', () => {
  it('a task whose creator passed over the mark keeps its lane, however late it is committed', async () => {
    const { database, first } = stage
    const label = await emptyLane()
    const held = holdBeforeCommit(first.pool)
    const creating = create(label)(held.pool)
    await held.reachedCommit
    await mark(database.pool)
    expect(await laneOf(label)).toEqual({ unused: true })
    await remove(database.pool)
    expect(await laneOf(label)).toBeDefined()
    held.release()
    await creating
    await remove(database.pool)
    expect(await laneOf(label)).toBeDefined()
  })

  it('a creator who has taken the mark away, and is not committed yet, keeps the lane', async () => {
    const label = await unusedLane()
    const { won } = await stage.overtake(create(label), remove)
    expect(won).toMatchObject({ requires: [label] })
    expect(await laneOf(label)).toEqual({ unused: false })
  })

  it('a task that comes while its lane is being deleted opens it anew', async () => {
    const label = await unusedLane()
    await stage.race(remove, create(label))
    expect(await laneOf(label)).toEqual({ unused: false })
  })

  it('a task that returns to the queue opens its lane anew', async () => {
    const label = `only-${randomUUID()}`
    const held = await runningTask(stage.database.pool, { requires: [label] })
    await mark(stage.database.pool)
    await untilEarlierEnded(stage.database.pool)
    await remove(stage.database.pool)
    expect(await laneOf(label)).toBeUndefined()
    await settle(stage.database.pool, held, { event: 'hand_back', reason: 'the agent stops' }, at(HOUR))
    expect(await laneOf(label)).toEqual({ unused: false })
  })

  it('two batches of due tasks never wait for the lanes of each other crosswise', async () => {
    const { database, first, second } = stage
    const labels = [`a-${randomUUID()}`, `b-${randomUUID()}`] as const
    for (const [index, label] of [...labels, ...[...labels].reverse()].entries())
      await addTask(database.pool, { requires: [label], runAt: at(10 + index) })
    await database.pool.query(`delete from lanes where requires <@ $1`, [labels])
    const batch = (pool: Pool) => makeDue(pool, { limit: 2, actor: 'd', now: at(20) })
    const batches = await inTransaction(database.pool, async (connection) => {
      const { rows } = await connection.query<{ pid: number }>('select pg_backend_pid() as pid')
      await connection.query('insert into lanes (requires) values ($1)', [[labels[0]]])
      const both: Promise<number>[] = []
      // One after the other, so that each takes two tasks with different labels.
      for (const { pool, pid } of [first, second]) {
        both.push(batch(pool))
        await untilBlocked(database.pool, pid, rows[0]!.pid)
      }
      await connection.query('delete from lanes where requires = $1', [[labels[0]]])
      return both
    })
    expect(await Promise.all(batches)).toEqual([2, 2])
    for (const label of labels) expect(await laneOf(label)).toEqual({ unused: false })
  })
})
