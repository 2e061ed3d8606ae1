import {
  deleteOldDeliveries,
  deleteOldTasks,
  deleteUnusedLanes,
  forgetForgeObjects,
  markUnusedLanes,
} from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { inBatches } from './batches.ts'

const BATCH_SIZE = 500
const MAX_BATCHES = 20
/** A pass that deletes so many of one kind may have left some of it. */
const MOST_DELETED = BATCH_SIZE * MAX_BATCHES
/** Small rows, and an issue may sleep for long before somebody touches its labels again. */
const FORGE_OBJECT_DAYS = 365

export interface RetentionPass {
  /** How many rows. */
  readonly deleted: number
  readonly hasMore: boolean
}

/** Deletes what was kept long enough, a bounded amount of each kind at a time. */
export async function applyRetention({
  pool,
  clock,
  policy,
  events,
}: Pick<DispatcherContext, 'pool' | 'clock' | 'policy' | 'events'>): Promise<RetentionPass> {
  const now = clock.sqlNow()
  const tasks = await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) =>
    deleteOldTasks(pool, { days: policy.retentionDays, limit, now }),
  )
  const deliveries = await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) =>
    deleteOldDeliveries(pool, { days: policy.deliveryRetentionDays, limit, now }),
  )
  const lanes = await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) => deleteUnusedLanes(pool, { limit, now }))
  // For the next time.
  await inBatches(BATCH_SIZE, MAX_BATCHES, (limit) => markUnusedLanes(pool, { limit, now }))
  await forgetForgeObjects(pool, { days: FORGE_OBJECT_DAYS, now })
  if (tasks > 0) events.swept('old tasks deleted', tasks)
  if (deliveries > 0) events.swept('old deliveries deleted', deliveries)
  if (lanes > 0) events.swept('unused lanes deleted', lanes)
  return {
    deleted: tasks + deliveries + lanes,
    hasMore: [tasks, deliveries, lanes].some((deleted) => deleted >= MOST_DELETED),
  }
}
