import type { ClientOptions } from './call-options.ts'
import { follow } from './follow.ts'
import { followedLogOf } from './follow-logs.ts'
import type { Operations } from './operations.ts'
import { requestFor } from './request.ts'
import type { OutgoingRequest, Transport } from './transport.ts'
import type { TaskEvent } from './wire/types.ts'

/** The calls whose answer has no end. */
export function streams(
  transport: Transport,
  client: Pick<ClientOptions, 'retrySeconds' | 'onRetry'>,
): Pick<Operations, 'followTaskLogs' | 'streamEvents'> {
  return {
    async *followTaskLogs({ task_id, offset, attempt }, options = {}) {
      let followed = attempt
      const requestAfter = (lastEventId: string): OutgoingRequest => ({
        ...requestFor('getTaskLogs', { task_id, attempt: followed, offset }),
        headers: headersAfter(lastEventId),
      })
      for await (const event of follow(transport, requestAfter, options, client)) {
        const piece = followedLogOf(event)
        if (piece === null) continue
        // After a cut the same attempt is followed, not one that has begun meanwhile.
        if (piece.attempt > 0) followed = piece.attempt
        yield piece
        if (piece.kind === 'end') return
      }
    },

    async *streamEvents({ after } = {}, options = {}) {
      const requestAfter = (lastEventId: string): OutgoingRequest => ({
        ...requestFor('streamEvents', { after }),
        headers: headersAfter(lastEventId),
      })
      for await (const { data } of follow(transport, requestAfter, options, client)) {
        yield JSON.parse(data) as TaskEvent
      }
    },
  }
}

function headersAfter(lastEventId: string): Record<string, string> {
  const accept = { accept: 'text/event-stream' }
  return lastEventId === '' ? accept : { ...accept, 'last-event-id': lastEventId }
}
