import { ROUTES } from '@switchyard/contract'
import { isEventCursor, latestEventCursor, listEventsAfter } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bindStream } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { openEventStream } from '../http/event-stream.ts'
import { eventToWire } from '../wire/to-wire.ts'

const BATCH = 200
const LOOK_AGAIN_MILLISECONDS = 1_000

/** What happens, as it happens. */
export function bindEventFeed(binding: Binding, context: ApiContext): void {
  bindStream(binding, ROUTES.streamEvents, async ({ query }, { request, response }) => {
    const resumed = request.get('last-event-id')
    const known = resumed !== undefined && isEventCursor(resumed) ? resumed : query.after
    let cursor = known ?? (await latestEventCursor(context.pool))
    const stream = openEventStream(response, context.stopping)
    const { over } = stream
    stream.mark(cursor)
    while (!over.aborted) {
      const events = await listEventsAfter(context.pool, cursor, BATCH)
      for (const event of events) {
        cursor = event.cursor
        await stream.send({ event: event.event, id: cursor, data: JSON.stringify(eventToWire(event)) })
      }
      if (events.length < BATCH) await context.wakeUps.next(LOOK_AGAIN_MILLISECONDS, over)
    }
    stream.end()
  })
}
