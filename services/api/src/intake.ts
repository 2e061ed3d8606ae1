import type { Clock } from '@switchyard/platform'
import {
  createTask,
  createTasks,
  isDatabaseUnavailable,
  isPlain,
  receiveDeliveries,
  receiveDelivery,
} from '@switchyard/store'
import type {
  CreateTaskResult,
  DeliveryReceipt,
  NewTask,
  PlainDelivery,
  PlannedDelivery,
  Pool,
} from '@switchyard/store'
import { BATCH_LIMITS, createBatcher, LONGEST_BATCHED } from './batcher.ts'

/** What comes in from outside, together with what else comes in at the same moment. */
export interface Intake {
  /** As createTask of the store. */
  create(task: NewTask): Promise<CreateTaskResult>
  /** As receiveDelivery of the store. */
  receive(planned: PlannedDelivery): Promise<DeliveryReceipt>
}

/**
 * Group commit of new tasks and deliveries. A batch leaves out whatever meets something that is there already; each of those is then
 * asked for on its own, which finds out what it is. So the answers are those of the single statements.
 */
export function createIntake(pool: Pool, clock: Clock): Intake {
  const shared = { ...BATCH_LIMITS, isOutage: isDatabaseUnavailable }
  const tasks = createBatcher({
    ...shared,
    run: (requests: readonly NewTask[]) => createTasks(pool, requests, clock.sqlNow()),
  })
  const deliveries = createBatcher({
    ...shared,
    run: (requests: readonly PlainDelivery[]) => receiveDeliveries(pool, requests, clock.sqlNow()),
    // The same delivery twice: the second finds the first.
    keyOf: ({ delivery }) => delivery.deliveryUuid,
  })
  return {
    async create(task) {
      const created = task.prompt.length > LONGEST_BATCHED ? null : await tasks.ask(task)
      return created === null ? createTask(pool, task, clock.sqlNow()) : { kind: 'created', task: created }
    },
    async receive(planned) {
      const isBatched = isPlain(planned) && planned.delivery.body.length <= LONGEST_BATCHED
      const receipt = isBatched ? await deliveries.ask(planned) : null
      return receipt ?? receiveDelivery(pool, planned.delivery, planned.plan, clock.sqlNow())
    },
  }
}
