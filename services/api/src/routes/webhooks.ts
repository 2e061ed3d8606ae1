import { ROUTES } from '@switchyard/contract'
import type { DeliveryPlan as StorePlan, ForgeSubject, PlannedDelivery } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bindPublic } from '../http/bind.ts'
import type { Binding, Call } from '../http/bind.ts'
import { Problem } from '../problem.ts'
import { openDelivery } from '../webhooks/delivery.ts'
import type { Delivery, OpenedDelivery } from '../webhooks/delivery.ts'
import { toForgeEvent } from '../webhooks/forge-event.ts'
import type { ForgeEvent } from '../webhooks/forge-event.ts'
import { planDelivery } from '../webhooks/plan.ts'
import type { DeliveryPlan } from '../webhooks/plan.ts'

type Forge = 'forgejo' | 'gitea'

/** Where the forges deliver. The answer is sent when delivery and tasks are durable, never before. */
export function bindWebhooks(binding: Binding, context: ApiContext): void {
  bindPublic(binding, ROUTES.receiveForgejoDelivery, (_input, call) => receive(context, 'forgejo', call))
  bindPublic(binding, ROUTES.receiveGiteaDelivery, (_input, call) => receive(context, 'gitea', call))
}

async function receive(context: ApiContext, forge: Forge, { request }: Call) {
  const { intake, events, waker } = context
  const { planned, event } = understand(context, forge, request)
  const receipt = await intake.receive(planned)
  events.deliveryReceived(receipt, { forge, event })
  if (receipt.taskIds.length > 0) waker.wake()
  return {
    status: 202,
    body: {
      delivery_id: receipt.deliveryId,
      outcome: receipt.outcome,
      reason: receipt.reason,
      tasks: receipt.taskIds.map((id) => ({ id })),
    },
  } as const
}

/**
 * What is to be kept, and what is to be done. A function that waits for nothing, so that the parsed payload is garbage before the database
 * has its turn: what lives as long as a request under load is copied by the garbage collector, twice.
 */
function understand(
  { config, events, rules }: ApiContext,
  forge: Forge,
  { headers, body: received }: Call['request'],
): { readonly planned: PlannedDelivery; readonly event: string } {
  const body = Buffer.isBuffer(received) ? received : Buffer.alloc(0)
  const opened = openDelivery({ headers, body, secrets: config.SWITCHYARD_WEBHOOK_SECRET })
  if (!opened.ok) {
    events.deliveryRefused(opened.reason)
    throw refusal(opened)
  }
  const { delivery } = opened
  const event = toForgeEvent({ forge, ...delivery })
  const plan = planDelivery(event, rules, { botUser: config.SWITCHYARD_BOT_USER ?? null })
  return {
    event: event.event,
    planned: {
      delivery: {
        ...factsOf(delivery),
        forge,
        action: event.action,
        repository: event.repository,
        sender: event.sender,
        body,
        subject: subjectOf(event),
      },
      plan: toStorePlan(plan),
    },
  }
}

/**
 * Whose labels are to be remembered. Only changes of labels are compared with one another: a new issue with a label sends
 * `opened` first, and its label would no longer be new when `label_updated` follows.
 */
function subjectOf({ action, number, object, labels }: ForgeEvent): ForgeSubject | null {
  if (number === null || object === null) return null
  return action === 'label_updated' || action === 'label_cleared' ? { object, labels } : null
}

function factsOf(delivery: Delivery) {
  return {
    deliveryUuid: delivery.id,
    event: delivery.event,
    eventType: delivery.eventType ?? delivery.event,
    headers: delivery.headers,
  }
}

function toStorePlan(plan: DeliveryPlan): StorePlan {
  if (plan.kind !== 'task') return plan
  const { executionMode, source, ...task } = plan.task
  return {
    ...plan,
    task: { ...task, requestedMode: executionMode, runAt: null, source: { ...source, delivery_id: null } },
  }
}

function refusal(opened: OpenedDelivery & { readonly ok: false }): Problem {
  switch (opened.reason) {
    case 'bad_signature':
      return new Problem('bad_signature', opened.message)
    case 'not_json':
      return new Problem('malformed_json', opened.message)
    case 'unsupported_media_type':
      return new Problem('unsupported_media_type', opened.message, {
        supported: ['application/json', 'application/x-www-form-urlencoded'],
      })
  }
}
