import { createHmac, randomUUID } from 'node:crypto'
import { LoadConnection } from './connection.ts'
import { startTimeline, type Timeline } from './timeline.ts'

export interface DeliveriesRequest {
  readonly url: string
  readonly path: string
  readonly secret: string
  /** JSON in which every ISSUE_MARK is replaced by a number that no other delivery has. */
  readonly template: string
  readonly firstIssue: number
  readonly connections: number
  readonly seconds: number
}

export interface DeliveriesResult {
  readonly timeline: Timeline
  readonly nextIssue: number
}

/** As many digits as the numbers that take its place, so that all bodies are equally long. */
export const ISSUE_MARK = '987654321'

/** Signed deliveries of `issues` events as Forgejo sends them, each about another issue. */
export async function deliverWebhooks(request: DeliveriesRequest): Promise<DeliveriesResult> {
  const { url, path, secret, template, seconds } = request
  const connections = await Promise.all(
    Array.from({ length: request.connections }, () => LoadConnection.open(url, null)),
  )
  const clock = startTimeline(seconds)
  let issue = request.firstIssue
  await Promise.all(
    connections.map(async (connection) => {
      while (!clock.isOver()) {
        const body = template.replaceAll(ISSUE_MARK, String(issue++))
        const signature = createHmac('sha256', secret).update(body).digest('hex')
        const headers = `X-Forgejo-Event: issues\r\nX-Forgejo-Event-Type: issues\r\nX-Forgejo-Delivery: ${randomUUID()}\r\nX-Forgejo-Signature: ${signature}\r\n`
        const { status, body: answer } = await connection.post(path, body, headers)
        if (status !== 202) throw new Error(`a delivery: ${status} ${answer}`)
        clock.count()
      }
      connection.close()
    }),
  )
  return { timeline: clock.timeline(), nextIssue: issue }
}
