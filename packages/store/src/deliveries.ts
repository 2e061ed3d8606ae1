import { v7 as uuidv7 } from 'uuid'
import { cancelByConcurrencyKey } from './cancel-task.ts'
import { createTask, findUnfinishedByDedupeKey } from './create-task.ts'
import type { NewTask } from './create-task.ts'
import { readKnownLabels, rememberLabels } from './forge-objects.ts'
import type { ForgeSubject } from './forge-objects.ts'
import { inTransaction } from './pool.ts'
import type { Connection, Pool, Queryable } from './pool.ts'

export const DELIVERY_OUTCOMES = ['created', 'duplicate', 'ignored'] as const
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number]

/** A webhook delivery whose signature was valid, as it arrived. */
export interface ReceivedDelivery {
  /** The forge's id of this delivery; null when the sender gave none. */
  readonly deliveryUuid: string | null
  readonly forge: 'forgejo' | 'gitea'
  readonly event: string
  readonly eventType: string
  readonly action: string | null
  readonly repository: string | null
  readonly sender: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whose labels this delivery changed; null when it changed none. */
  readonly subject: ForgeSubject | null
}

/** What the rules made of it. */
export type DeliveryPlan =
  | {
      readonly kind: 'task'
      readonly rule: string
      /** The labels that made the rule match, when the forge does not say which labels are new; else null. */
      readonly triggerLabels: readonly string[] | null
      /** Tasks of the object that end before this one begins. */
      readonly cancelFirst: { readonly concurrencyKey: string; readonly reason: string } | null
      readonly task: Omit<NewTask, 'createdBy' | 'idempotency' | 'modeReason' | 'rule'>
    }
  | { readonly kind: 'cancel'; readonly concurrencyKey: string; readonly reason: string }
  | { readonly kind: 'ignored'; readonly reason: string }

export interface DeliveryReceipt {
  readonly deliveryId: string
  readonly outcome: DeliveryOutcome
  readonly reason: string
  readonly rule: string | null
  readonly taskIds: readonly string[]
}

export interface Delivery extends Omit<ReceivedDelivery, 'body' | 'subject'> {
  readonly id: string
  readonly outcome: DeliveryOutcome
  readonly reason: string
  readonly rule: string | null
  readonly taskIds: readonly string[]
  readonly receivedAt: Date
}

const FIND_DELIVERY = /* sql */ `
  select id, task_ids as "taskIds" from deliveries
   where forge = $1 and delivery_uuid = $2 and repeats is null`

const INSERT_DELIVERY = /* sql */ `
  insert into deliveries (id, delivery_uuid, forge, event, event_type, action, repository, sender, headers, body,
                          outcome, reason, rule, task_ids, repeats, received_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, coalesce($16::timestamptz, now()))
  on conflict do nothing
  returning id`

const LIST_DELIVERIES = /* sql */ `
  select id, delivery_uuid as "deliveryUuid", forge, event, event_type as "eventType", action, repository, sender, headers,
         outcome, reason, rule, task_ids as "taskIds", received_at as "receivedAt"
    from deliveries
   where ($1::uuid is null or id < $1)
     and ($2::text is null or outcome = $2)
     and ($3::text is null or repository = $3)
   order by id desc
   limit $4`

const GET_DELIVERY = /* sql */ `
  select id, delivery_uuid as "deliveryUuid", forge, event, event_type as "eventType", action, repository, sender, headers,
         outcome, reason, rule, task_ids as "taskIds", received_at as "receivedAt", body
    from deliveries where id = $1`

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
  const earlier = await findDelivery(connection, delivery)
  const effect =
    earlier === null
      ? await carryOut(connection, deliveryId, delivery.subject, plan, now)
      : repetitionOf(earlier)
  const { rows } = await connection.query({
    name: 'insert_delivery',
    text: INSERT_DELIVERY,
    values: [
      deliveryId,
      delivery.deliveryUuid,
      delivery.forge,
      delivery.event,
      delivery.eventType,
      delivery.action,
      delivery.repository,
      delivery.sender,
      delivery.headers,
      delivery.body,
      effect.outcome,
      effect.reason,
      effect.rule,
      effect.taskIds,
      earlier?.id ?? null,
      now,
    ],
  })
  if (rows.length === 0) throw new ReceivedMeanwhileError()
  return { deliveryId, ...effect }
}

function repetitionOf(earlier: EarlierDelivery): Effect {
  const reason = `this delivery was already received as ${earlier.id}`
  return { outcome: 'duplicate', reason, rule: null, taskIds: earlier.taskIds }
}

interface EarlierDelivery {
  readonly id: string
  readonly taskIds: string[]
}

async function findDelivery(
  connection: Connection,
  delivery: ReceivedDelivery,
): Promise<EarlierDelivery | null> {
  if (delivery.deliveryUuid === null) return null
  const { rows } = await connection.query<EarlierDelivery>({
    name: 'find_delivery',
    text: FIND_DELIVERY,
    values: [delivery.forge, delivery.deliveryUuid],
  })
  return rows[0] ?? null
}

type Effect = Omit<DeliveryReceipt, 'deliveryId'>

async function carryOut(
  connection: Connection,
  deliveryId: string,
  subject: ForgeSubject | null,
  plan: DeliveryPlan,
  now: Date | null,
): Promise<Effect> {
  const known = subject === null ? null : await readKnownLabels(connection, subject.object)
  if (subject !== null) await rememberLabels(connection, subject, now)
  switch (plan.kind) {
    case 'ignored':
      return { outcome: 'ignored', reason: plan.reason, rule: null, taskIds: [] }
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

type TaskPlan = DeliveryPlan & { readonly kind: 'task' }

/** Whether a label that made the rule match was not there at the last delivery, or nobody can say. */
function isNews({ triggerLabels }: TaskPlan, known: readonly string[] | null): boolean {
  if (triggerLabels === null || known === null) return true
  const before = new Set(known.map((label) => label.toLowerCase()))
  return triggerLabels.some((label) => !before.has(label.toLowerCase()))
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
  const created = await createTask(
    connection,
    {
      ...plan.task,
      rule: plan.rule,
      modeReason: `rule ${plan.rule} asked for ${plan.task.requestedMode}`,
      source: { ...plan.task.source, delivery_id: deliveryId },
      createdBy: 'forge',
      idempotency: null,
    },
    now,
  )
  if (created.kind !== 'created') return duplicateOf(plan, created.task.id)
  return {
    outcome: 'created',
    reason: `rule ${plan.rule} matched`,
    rule: plan.rule,
    taskIds: [created.task.id],
  }
}

export interface DeliveryFilter {
  readonly beforeId: string | null
  readonly outcome: DeliveryOutcome | null
  readonly repository: string | null
  readonly limit: number
}

/** Deliveries, newest first, without their bodies. */
export async function listDeliveries(db: Queryable, filter: DeliveryFilter): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>({
    name: 'list_deliveries',
    text: LIST_DELIVERIES,
    values: [filter.beforeId, filter.outcome, filter.repository, filter.limit],
  })
  return rows
}

/** One delivery with its body, or null. */
export async function getDelivery(
  db: Queryable,
  id: string,
): Promise<(Delivery & { readonly body: Buffer }) | null> {
  const { rows } = await db.query<Delivery & { body: Buffer }>({
    name: 'get_delivery',
    text: GET_DELIVERY,
    values: [id],
  })
  return rows[0] ?? null
}

export const DELIVERY_STATEMENTS = {
  find_delivery: FIND_DELIVERY,
  insert_delivery: INSERT_DELIVERY,
  list_deliveries: LIST_DELIVERIES,
  get_delivery: GET_DELIVERY,
}
