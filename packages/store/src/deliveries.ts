import type { ForgeSubject } from './forge-objects.ts'
import { joinBytes } from './joined-bytes.ts'
import type { NewTask } from './new-task.ts'
import type { Queryable } from './pool.ts'

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

const INSERT_DELIVERIES = /* sql */ `
  insert into deliveries (id, delivery_uuid, forge, event, event_type, action, repository, sender, headers, body,
                          outcome, reason, rule, task_ids, repeats, received_at)
  select id, delivery_uuid, forge, event, event_type, action, repository, sender, headers, substring($2::bytea from body_start for body_length),
         outcome, reason, rule, task_ids, repeats, coalesce($3::timestamptz, now())
    from json_to_recordset($1::json)
           as (id uuid, delivery_uuid text, forge text, event text, event_type text, action text, repository text, sender text,
               headers jsonb, body_start integer, body_length integer, outcome text, reason text, rule text, task_ids uuid[], repeats uuid)
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

/** A delivery with its id and what became of it. */
export interface KeptDelivery {
  readonly delivery: ReceivedDelivery
  readonly receipt: DeliveryReceipt
  /** The first delivery with the same UUID; null when it is the first. */
  readonly repeats: string | null
}

/** Keeps deliveries. False when some of them were kept meanwhile by somebody else: then the caller rolls back. */
export async function insertDeliveries(
  db: Queryable,
  kept: readonly KeptDelivery[],
  now: Date | null,
): Promise<boolean> {
  if (kept.length === 0) return true
  const bodies = joinBytes(kept.map(({ delivery }) => delivery.body))
  const entries = kept.map(({ delivery, receipt, repeats }, index) => ({
    id: receipt.deliveryId,
    delivery_uuid: delivery.deliveryUuid,
    forge: delivery.forge,
    event: delivery.event,
    event_type: delivery.eventType,
    action: delivery.action,
    repository: delivery.repository,
    sender: delivery.sender,
    headers: delivery.headers,
    body_start: bodies.places[index]?.start,
    body_length: bodies.places[index]?.length,
    outcome: receipt.outcome,
    reason: receipt.reason,
    rule: receipt.rule,
    task_ids: receipt.taskIds,
    repeats,
  }))
  const { rows } = await db.query({
    name: 'insert_deliveries',
    text: INSERT_DELIVERIES,
    values: [JSON.stringify(entries), bodies.bytes, now],
  })
  return rows.length === kept.length
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
  insert_deliveries: INSERT_DELIVERIES,
  list_deliveries: LIST_DELIVERIES,
  get_delivery: GET_DELIVERY,
}
