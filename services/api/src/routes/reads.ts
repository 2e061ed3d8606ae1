import { DEFAULT_PAGE_SIZE, ROUTES } from '@switchyard/contract'
import { getDelivery, listDeliveries, listDispatchers } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bind } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { idFromCursor, page } from '../http/cursor.ts'
import { Problem } from '../problem.ts'
import { deliveryToWire } from '../wire/to-wire.ts'

/** Deliveries and the state of the queue. */
export function bindReads(binding: Binding, { pool, queue: counter }: ApiContext): void {
  bind(binding, ROUTES.listDeliveries, async ({ query }) => {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE
    const deliveries = await listDeliveries(pool, {
      beforeId: idFromCursor(query.cursor),
      outcome: query.outcome ?? null,
      repository: query.repository ?? null,
      limit: limit + 1,
    })
    const { items, nextCursor } = page(deliveries, limit)
    return { status: 200, body: { deliveries: items.map(deliveryToWire), next_cursor: nextCursor } }
  })

  bind(binding, ROUTES.getDelivery, async ({ params }) => {
    const delivery = await getDelivery(pool, params.delivery_id)
    if (delivery === null)
      throw new Problem('delivery_not_found', `There is no delivery ${params.delivery_id}.`)
    const body = delivery.body.toString('utf8')
    return { status: 200, body: { ...deliveryToWire(delivery), headers: { ...delivery.headers }, body } }
  })

  bind(binding, ROUTES.getQueue, async () => {
    const [queue, dispatchers] = await Promise.all([counter.read(), listDispatchers(pool)])
    return {
      status: 200,
      body: {
        counts: queue.counts.map(({ status, executionMode, count }) => ({
          status,
          execution_mode: executionMode,
          count,
        })),
        oldest_pending_seconds: queue.oldestPendingSeconds,
        counted_at: queue.countedAt.toISOString(),
        repositories: queue.repositories.map((repository) => ({ ...repository })),
        dispatchers: dispatchers.map(({ id, startedAt, lastCycleAt, draining }) => ({
          id,
          started_at: startedAt.toISOString(),
          last_cycle_at: lastCycleAt.toISOString(),
          draining,
        })),
      },
    }
  })
}
