import { ROUTES } from '@switchyard/contract'
import type { LogEnd, LogPiece as WireLogPiece } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import { readLog } from '@switchyard/store'
import type { LogPiece } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bindStream } from '../http/bind.ts'
import type { Binding, Call } from '../http/bind.ts'
import { openEventStream } from '../http/event-stream.ts'
import { Problem } from '../problem.ts'
import { wholeCharacters } from './whole-characters.ts'

const LOOK_AGAIN_MILLISECONDS = 250

/** Logs, as text or followed as they grow. */
export function bindLogs(binding: Binding, context: ApiContext): void {
  bindStream(binding, ROUTES.getTaskLogs, async ({ params, query }, call) => {
    const resumed = Number(call.request.get('last-event-id') ?? NaN)
    const offset = Number.isSafeInteger(resumed) && resumed >= 0 ? resumed : (query.offset ?? 0)
    const attempt = query.attempt ?? null
    // `text/plain` when the client does not care: only who asks for a stream gets one.
    const wanted = call.request.accepts(['text/plain', 'text/event-stream'])
    if (wanted === 'text/event-stream') await follow(context, params.task_id, attempt, offset, call)
    else answerText(await find(context, params.task_id, attempt, offset), call)
  })
}

async function find(
  { pool }: ApiContext,
  taskId: string,
  attempt: number | null,
  offset: number,
): Promise<LogPiece> {
  const piece = await readLog(pool, taskId, attempt, offset)
  if (piece === null) throw new Problem('task_not_found', `There is no task ${taskId}.`)
  return piece
}

function answerText(piece: LogPiece, { response }: Call): void {
  response
    .status(200)
    .set({
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Switchyard-Next-Offset': String(piece.nextOffset),
      'X-Switchyard-Log-Complete': String(piece.complete),
      'X-Switchyard-Attempt': String(piece.attempt),
    })
    .end(piece.cutBytes === 0 ? piece.content : Buffer.concat([Buffer.from(cutNotice(piece)), piece.content]))
}

async function follow(
  context: ApiContext,
  taskId: string,
  attempt: number | null,
  offset: number,
  { response }: Call,
): Promise<void> {
  let piece = await find(context, taskId, attempt, offset)
  const stream = openEventStream(response, context.stopping)
  let position = offset
  while (!stream.over.aborted) {
    const whole = wholeCharacters(piece.content, piece.complete)
    const text = piece.cutBytes === 0 ? whole.text : cutNotice(piece) + whole.text
    const bytes = piece.cutBytes + whole.bytes
    position += bytes
    if (text !== '') {
      const data: Static<typeof WireLogPiece> = { attempt: piece.attempt, text }
      await stream.send({ event: 'log', id: String(position), data: JSON.stringify(data) })
    }
    if (piece.complete) {
      const cut = piece.producedBytes > piece.storedBytes
      const data: Static<typeof LogEnd> = {
        attempt: piece.attempt,
        produced_bytes: piece.producedBytes,
        stored_bytes: piece.storedBytes,
        cut,
      }
      await stream.send({ event: 'end', id: String(position), data: JSON.stringify(data) })
      break
    }
    if (bytes === 0) await context.clock.sleep(LOOK_AGAIN_MILLISECONDS, stream.over)
    // The attempt stays the one that the stream began with, also when the task is tried again meanwhile.
    piece = (await readLog(context.pool, taskId, piece.attempt === 0 ? null : piece.attempt, position)) ?? {
      ...piece,
      complete: true,
    }
  }
  stream.end()
}

/** Stands where the middle of a long output is no longer stored. */
function cutNotice({ cutBytes }: LogPiece): string {
  return `\n[switchyard] ${cutBytes} bytes were cut out here.\n`
}
