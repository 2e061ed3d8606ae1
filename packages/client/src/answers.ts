import { retryAfterOf } from './backoff.ts'
import type { Dequeued, LogText } from './operations.ts'
import { failureOf, unexpected } from './transport.ts'
import type { ClaimedTask } from './wire/types.ts'

const RETRY_AFTER_SECONDS = 5

/** An answer's JSON; undefined when it has no body. */
export async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  if (!isJson) throw unexpected(response.url, response, text)
  return JSON.parse(text)
}

export function readText(response: Response): Promise<string> {
  return response.text()
}

/** The answer to a deletion: that there is nothing to delete is good news when an earlier try was not answered. */
export async function readDeletion(response: Response, repeated: boolean): Promise<void> {
  if (response.status === 404 && !repeated) throw await failureOf(response)
}

export async function readDequeued(response: Response): Promise<Dequeued> {
  if (response.status !== 204) return (await readJson(response)) as ClaimedTask
  const reason = response.headers.get('x-switchyard-reason')
  return {
    task: null,
    lease: null,
    reason: reason === 'paused' || reason === 'full' ? reason : 'empty',
    retry_after_seconds: retryAfterOf(response.headers) ?? RETRY_AFTER_SECONDS,
  }
}

export async function readLogText(response: Response): Promise<LogText> {
  const number = (name: string): number => Number(response.headers.get(`x-switchyard-${name}`))
  return {
    text: await response.text(),
    next_offset: number('next-offset'),
    attempt: number('attempt'),
    complete: response.headers.get('x-switchyard-log-complete') === 'true',
  }
}
