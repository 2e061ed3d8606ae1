import type { DeliveryPlan, DeliveryReceipt } from './deliveries.ts'
import type { NewTask } from './new-task.ts'

/** What became of a delivery. */
export type Effect = Omit<DeliveryReceipt, 'deliveryId'>

export type TaskPlan = DeliveryPlan & { readonly kind: 'task' }
export type IgnoringPlan = DeliveryPlan & { readonly kind: 'ignored' }

/** The task that the plan wants from this delivery. */
export function taskOf(plan: TaskPlan, deliveryId: string): NewTask {
  return {
    ...plan.task,
    rule: plan.rule,
    modeReason: `rule ${plan.rule} asked for ${plan.task.requestedMode}`,
    source: { ...plan.task.source, delivery_id: deliveryId },
    createdBy: 'forge',
    idempotency: null,
  }
}

export function creationOf(plan: TaskPlan, taskId: string): Effect {
  return { outcome: 'created', reason: `rule ${plan.rule} matched`, rule: plan.rule, taskIds: [taskId] }
}

export function ignoranceOf(plan: IgnoringPlan): Effect {
  return { outcome: 'ignored', reason: plan.reason, rule: null, taskIds: [] }
}

/** Whether a label that made the rule match was not there at the last change of labels, or nobody can say. */
export function isNews({ triggerLabels }: TaskPlan, known: readonly string[] | null): boolean {
  if (triggerLabels === null || known === null) return true
  const before = new Set(known.map((label) => label.toLowerCase()))
  return triggerLabels.some((label) => !before.has(label.toLowerCase()))
}
