import { v7 as uuidv7 } from 'uuid'
import { createTasks } from './create-task.ts'
import { insertDeliveries } from './deliveries.ts'
import type { DeliveryPlan, DeliveryReceipt, KeptDelivery, ReceivedDelivery } from './deliveries.ts'
import { creationOf, ignoranceOf, isNews, taskOf } from './delivery-effects.ts'
import type { IgnoringPlan, TaskPlan } from './delivery-effects.ts'
import { findEarlierDeliveries } from './earlier-deliveries.ts'
import { lockKnownLabels, rememberLabels } from './forge-objects.ts'
import type { ForgeSubject } from './forge-objects.ts'
import { inTransaction } from './pool.ts'
import type { Connection, Pool } from './pool.ts'

/** A delivery and what the rules made of it. */
export interface PlannedDelivery {
  readonly delivery: ReceivedDelivery
  readonly plan: DeliveryPlan
}

/** A delivery whose effect depends on nothing but the keys of its task and the labels of its object, so that many of them can be kept together. */
export interface PlainDelivery {
  readonly delivery: ReceivedDelivery
  readonly plan: (TaskPlan & { readonly cancelFirst: null }) | IgnoringPlan
}

/** Whether receiveDeliveries can take it: it cancels nothing. */
export function isPlain(planned: PlannedDelivery): planned is PlainDelivery {
  const { plan } = planned
  return plan.kind === 'ignored' || (plan.kind === 'task' && plan.cancelFirst === null)
}

/**
 * As receiveDelivery, for many in one transaction. One receipt for each, in order; null for those that are to be received on their own,
 * because they came before, their task's keys are taken, the label that their rule wants is not new, or another one in the same call is
 * about the labels of the same object: nothing was done about those. All or nothing: when it throws,
 * either nothing was kept, or the connection was lost and nobody knows.
 */
export function receiveDeliveries(
  pool: Pool,
  deliveries: readonly PlainDelivery[],
  now: Date | null = null,
): Promise<(DeliveryReceipt | null)[]> {
  return inTransaction(pool, async (connection) => {
    const earlier = await findEarlierDeliveries(
      connection,
      deliveries.map(({ delivery }) => delivery),
    )
    const first = deliveries.filter((_, index) => earlier[index] === null)
    const kept = await carryOutAll(connection, await withNews(connection, first), now)
    await rememberLabels(connection, [...kept.keys()].flatMap(subjectsOf), now)
    const isKept = await insertDeliveries(connection, [...kept.values()], now)
    if (!isKept) throw new Error('the same delivery came in at the same moment')
    return deliveries.map((planned) => kept.get(planned)?.receipt ?? null)
  })
}

/** Without those whose label was there before, and those about labels of which one before them speaks. */
async function withNews(
  connection: Connection,
  deliveries: readonly PlainDelivery[],
): Promise<PlainDelivery[]> {
  const known = await lockKnownLabels(connection, deliveries.flatMap(subjectsOf))
  const spokenOf = new Set<string>()
  return deliveries.filter(({ delivery: { subject }, plan }) => {
    if (subject === null) return true
    if (spokenOf.has(subject.object)) return false
    spokenOf.add(subject.object)
    return plan.kind === 'ignored' || isNews(plan, known.get(subject.object) ?? null)
  })
}

function subjectsOf({ delivery: { subject } }: PlainDelivery): readonly ForgeSubject[] {
  return subject === null ? [] : [subject]
}

async function carryOutAll(
  connection: Connection,
  deliveries: readonly PlainDelivery[],
  now: Date | null,
): Promise<Map<PlainDelivery, KeptDelivery>> {
  const numbered = deliveries.map((planned) => ({ planned, deliveryId: uuidv7() }))
  const wanted = numbered.flatMap(({ planned, deliveryId }) =>
    planned.plan.kind === 'task' ? [taskOf(planned.plan, deliveryId)] : [],
  )
  const created = (await createTasks(connection, wanted, now)).values()
  const kept = new Map<PlainDelivery, KeptDelivery>()
  for (const { planned, deliveryId } of numbered) {
    const { delivery, plan } = planned
    if (plan.kind === 'ignored') {
      kept.set(planned, { delivery, receipt: { deliveryId, ...ignoranceOf(plan) }, repeats: null })
      continue
    }
    const task = created.next().value
    if (task == null) continue
    kept.set(planned, { delivery, receipt: { deliveryId, ...creationOf(plan, task.id) }, repeats: null })
  }
  return kept
}
