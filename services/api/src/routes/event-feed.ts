import { ROUTES } from '@switchyard/contract'
import { isEventCursor, latestEventCursor, listEventsAfter } from '@switchyard/store'
import type { TaskEvent } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bindStream } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { openEventStream } from '../http/event-stream.ts'
import type { EventStream } from '../http/event-stream.ts'
import { eventToWire } from '../wire/to-wire.ts'

const BATCH = 200
const LOOK_AGAIN_MILLISECONDS = 1_000
/** Who has been told everything is told no more often than this: each look takes a connection to the database. */
const REST_MILLISECONDS = 100

/** What happens, as it happens. */
export function bindEventFeed(binding: Binding, context: ApiContext): void {
  bindStream(binding, ROUTES.streamEvents, async ({ query }, { request, response }) => {
    const resumed = request.get('last-event-id')
    const known = resumed !== undefined && isEventCursor(resumed) ? resumed : query.after
    const cursor = known ?? (await latestEventCursor(context.pool))
    const stream = openEventStream(response, context.stopping)
    stream.mark(cursor)
    await tellEvents(context, stream, cursor, (after) => listEventsAfter(context.pool, after, BATCH))
    stream.end()
  })
}

/** Tells a reader all that `list` finds after the cursor, until the stream is over. */
export async function tellEvents(
  { clock, wakeUps }: Pick<ApiContext, 'clock' | 'wakeUps'>,
  { over, send }: Pick<EventStream, 'over' | 'send'>,
  after: string,
  list: (after: string) => Promise<readonly TaskEvent[]>,
): Promise<void> {
  let cursor = after
  while (!over.aborted) {
    const lookedAt = clock.now().getTime()
    const events = await list(cursor)
    for (const event of events) {
      cursor = event.cursor
      await send({ event: event.event, id: cursor, data: JSON.stringify(eventToWire(event)) })
    }
    if (events.length >= BATCH) continue
    await wakeUps.next(LOOK_AGAIN_MILLISECONDS, over)
    const rest = lookedAt + REST_MILLISECONDS - clock.now().getTime()
    if (rest > 0) await clock.sleep(Math.min(rest, REST_MILLISECONDS), over)
  }
}
