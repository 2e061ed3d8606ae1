import { v7 as uuidv7 } from 'uuid'
import { cancelByConcurrencyKey } from './cancel-task.ts'
import { createTask, findUnfinishedByDedupeKey } from './create-task.ts'
import { insertDeliveries } from './deliveries.ts'
import type { DeliveryPlan, DeliveryReceipt, ReceivedDelivery } from './deliveries.ts'
import { creationOf, ignoranceOf, isNews, taskOf } from './delivery-effects.ts'
import type { Effect, TaskPlan } from './delivery-effects.ts'
import { findEarlierDeliveries } from './earlier-deliveries.ts'
import type { EarlierDelivery } from './earlier-deliveries.ts'
import { lockKnownLabels, rememberLabels } from './forge-objects.ts'
import type { ForgeSubject } from './forge-objects.ts'
import { inTransaction } from './pool.ts'
import type { Connection, Pool } from './pool.ts'

/**
 * Keeps the delivery and does what the plan says, in one transaction: when this returns, both are durable. The same
 * delivery twice, also at the same moment, has its effect once.
 */
export async function receiveDelivery(
  pool: Pool,
  delivery: ReceivedDelivery,
  plan: DeliveryPlan,
  now: Date | null = null,
): Promise<DeliveryReceipt> {
  for (;;) {
    try {
      return await inTransaction(pool, (connection) => keepAndCarryOut(connection, delivery, plan, now))
    } catch (error) {
      if (!(error instanceof ReceivedMeanwhileError)) throw error
    }
  }
}

/** The same delivery came in at the same moment and was first: everything is rolled back, and looked at again. */
class ReceivedMeanwhileError extends Error {}

async function keepAndCarryOut(
  connection: Connection,
  delivery: ReceivedDelivery,
  plan: DeliveryPlan,
  now: Date | null,
): Promise<DeliveryReceipt> {
  const deliveryId = uuidv7()
  const [earlier = null] = await findEarlierDeliveries(connection, [delivery])
  const effect =
    earlier === null
      ? await carryOut(connection, deliveryId, delivery.subject, plan, now)
      : repetitionOf(earlier)
  const receipt = { deliveryId, ...effect }
  const kept = { delivery, receipt, repeats: earlier?.id ?? null }
  if (!(await insertDeliveries(connection, [kept], now))) throw new ReceivedMeanwhileError()
  return receipt
}

function repetitionOf(earlier: EarlierDelivery): Effect {
  const reason = `this delivery was already received as ${earlier.id}`
  return { outcome: 'duplicate', reason, rule: null, taskIds: earlier.taskIds }
}

/**
 * The labels are remembered last, as in a batch of deliveries (receiveDeliveries): both lock known objects, then a task's keys, then a new
 * object, so that none waits for the other in turn.
 */
async function carryOut(
  connection: Connection,
  deliveryId: string,
  subject: ForgeSubject | null,
  plan: DeliveryPlan,
  now: Date | null,
): Promise<Effect> {
  const subjects = subject === null ? [] : [subject]
  const [known = null] = (await lockKnownLabels(connection, subjects)).values()
  const effect = await effectOf(connection, deliveryId, plan, known, now)
  await rememberLabels(connection, subjects, now)
  return effect
}

async function effectOf(
  connection: Connection,
  deliveryId: string,
  plan: DeliveryPlan,
  known: readonly string[] | null,
  now: Date | null,
): Promise<Effect> {
  switch (plan.kind) {
    case 'ignored':
      return ignoranceOf(plan)
    case 'cancel': {
      const actor = 'forge'
      const taskIds = await cancelByConcurrencyKey(connection, plan.concurrencyKey, {
        reason: plan.reason,
        actor,
        now,
      })
      const told =
        taskIds.length === 0
          ? 'no unfinished task to cancel'
          : `cancelled ${taskIds.length} unfinished task(s)`
      return { outcome: 'ignored', reason: `${plan.reason}: ${told}`, rule: null, taskIds }
    }
    case 'task': {
      if (plan.cancelFirst !== null) {
        const { concurrencyKey, reason } = plan.cancelFirst
        await cancelByConcurrencyKey(connection, concurrencyKey, { reason, actor: 'forge', now })
      }
      return isNews(plan, known)
        ? createFrom(connection, deliveryId, plan, now)
        : explainOldLabel(connection, plan)
    }
  }
}

async function explainOldLabel(connection: Connection, plan: TaskPlan): Promise<Effect> {
  const unfinished =
    plan.task.dedupeKey === null ? null : await findUnfinishedByDedupeKey(connection, plan.task.dedupeKey)
  if (unfinished !== null) return duplicateOf(plan, unfinished)
  const labels = (plan.triggerLabels ?? []).map((label) => `“${label}”`).join(', ')
  const reason =
    `rule ${plan.rule} matched, but the label ${labels} was there before this change; ` +
    'to have the work done again, remove the label and add it, or POST /api/v1/tasks/{task_id}/rerun'
  return { outcome: 'ignored', reason, rule: plan.rule, taskIds: [] }
}

function duplicateOf(plan: TaskPlan, taskId: string): Effect {
  return {
    outcome: 'duplicate',
    reason: `rule ${plan.rule} matched, and task ${taskId} for the same object has not ended yet`,
    rule: plan.rule,
    taskIds: [taskId],
  }
}

async function createFrom(
  connection: Connection,
  deliveryId: string,
  plan: TaskPlan,
  now: Date | null,
): Promise<Effect> {
  const created = await createTask(connection, taskOf(plan, deliveryId), now)
  return created.kind === 'created' ? creationOf(plan, created.task.id) : duplicateOf(plan, created.task.id)
}
